import type { Modes } from '../config/modes.ts';
import { REASON_COUNT, reasonText } from '../decode/reason.ts';
import type { Engine } from '../engine.ts';
import { Skip } from '../watch/skipped.ts';
import type { Replay } from './replay.ts';
import type { WrongSender } from './wrong-checksums.ts';

/** Senders that a hint names. */
const MAX_NAMED = 3;

/** The rows of a replay's summary: names and values. Every packet that was left out has a row that says why. */
export function summaryRows(
  { packets, counts }: Replay,
  { probes, scans, skipped }: Engine,
  modes: Modes,
  ms: number,
): [name: string, value: string][] {
  const rows: [string, string][] = [['packets', String(packets)]];
  const add = (name: string, count: number) => {
    if (count > 0) rows.push([`  ${name}`, String(count)]);
  };
  for (let reason = 1; reason < REASON_COUNT; reason++) add(reasonText(reason), counts[reason] as number);
  add('source is destination', skipped[Skip.ownSource] as number);
  add('not to a protected address', skipped[Skip.notHome] as number);
  add(unwatched('TCP', modes.tcp), skipped[Skip.tcpPort] as number);
  add(unwatched('UDP', modes.udp), skipped[Skip.udpPort] as number);
  rows.push(['probes', String(probes)], ['scans', String(scans)], ['time', `${(ms / 1000).toFixed(3)} s`]);
  rows.push(['packets per second', ms > 0 ? String(Math.round((packets / ms) * 1000)) : '-']);
  return rows;
}

/** What to try when the checksums of some senders are all wrong; null when there are none. */
export function checksumHint(senders: readonly WrongSender[]): string | null {
  if (senders.length === 0) return null;
  const named = senders.slice(0, MAX_NAMED).map(({ address, count }) => `${address} (${count})`);
  const more = senders.length > MAX_NAMED ? ` and ${senders.length - MAX_NAMED} more` : '';
  return (
    `All checksums of ${named.join(', ')}${more} are wrong. ` +
    'A capture made on the sender has them before its network card fills them in; --no-checksum counts such packets.'
  );
}

function unwatched(protocol: string, mode: string | null): string {
  return mode === null
    ? `${protocol} ports, without a ${protocol} mode`
    : `${protocol} ports that ${mode} does not watch`;
}
