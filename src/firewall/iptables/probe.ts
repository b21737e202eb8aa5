import type { Failure } from '../../commands/failure.ts';
import { type Family, familiesHere } from '../families.ts';
import { tryRawRule } from '../raw-table.ts';

/** Documentation addresses (RFC 5737, RFC 3849). */
const EXAMPLE: Readonly<Record<Family, string>> = { 4: '192.0.2.1/32', 6: '2001:db8::1/128' };

/** Why this host cannot block with iptables; null when it can. It adds and removes a rule that no packet reaches. */
export async function whyNoIptables(): Promise<Failure> {
  for (const family of familiesHere()) {
    const failure = await tryRawRule(family, `-s ${EXAMPLE[family]}`);
    if (failure !== null) return failure;
  }
  return null;
}
