import type { Modes } from '../config/modes.ts';
import { Skip } from '../watch/skipped.ts';
import type { WrongSender } from './wrong-checksums.ts';

/** Senders that a hint names. */
const MAX_NAMED = 3;

/** At least this many sources of a single probe are probably forged when they are most of the scans. */
const MIN_SINGLES = 1_000;

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

/** What to try when nothing was a probe, and packets went to ports that are not watched; otherwise null. */
export function unwatchedHint(probes: number, skipped: Float64Array, modes: Modes): string | null {
  const tcp = skipped[Skip.tcpPort] as number;
  const udp = skipped[Skip.udpPort] as number;
  if (probes > 0 || tcp + udp === 0) return null;
  const names = [modes.tcp, modes.udp].filter((mode) => mode !== null);
  return (
    `Only ports that ${names.join(' and ')} ${names.length > 1 ? 'do' : 'does'} not watch were probed. ` +
    'Watch more with ADVANCED_PORTS_TCP and ADVANCED_PORTS_UDP in a configuration (-c), or with --mode.'
  );
}

/** What many sources of one probe each mean; null when there are not many. */
export function floodHint(singles: number, scans: number): string | null {
  if (singles < MIN_SINGLES || singles * 2 < scans) return null;
  return `${singles} sources sent one probe each: they are probably forged, as in a flood.`;
}
