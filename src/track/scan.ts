import { Kind, type KindName, kindName } from '../classify/kind.ts';
import { formatPrefix } from '../net/prefix.ts';
import type { ScanEvent } from './event.ts';
import type { Source } from './source.ts';

/** The sum of a source's scan, told when it is over; `time` is that of its last probe. */
export function scanEvent(source: Source): ScanEvent {
  return {
    action: 'scan',
    time: source.lastSeen,
    source: formatPrefix(source.prefix),
    family: source.address.isV4 ? 4 : 6,
    first: source.firstSeen,
    last: source.lastSeen,
    probes: source.probes,
    ports: source.ports,
    kinds: kindsOf(source.kinds),
    targets: source.targets,
  };
}

/** The names of the kinds whose bits are set. */
export function kindsOf(mask: number): KindName[] {
  return Object.values(Kind)
    .filter((kind) => kind !== Kind.none && (mask & (1 << kind)) !== 0)
    .map(kindName);
}
