import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import { PrefixTable } from '../net/prefix.ts';

/** Which destinations are protected: this host's addresses when live, --home in a replay. */
export interface Home {
  has(address: Address): boolean;
}

/** Every destination, as a replay without --home takes it; groups were left out before. */
export const EVERY_HOME: Home = { has: () => true };

/** The destinations in a list of prefixes. */
export function homeOf(prefixes: Iterable<Prefix>): Home {
  const table = new PrefixTable<true>();
  for (const prefix of prefixes) table.set(prefix, true);
  return { has: (address) => table.match(address) !== undefined };
}
