import { Kind, type KindName, kindName } from '../classify/kind.ts';
import type { ScanEvent } from './event.ts';
import type { Source } from './source.ts';

/** The sum of a source's scan, told when it is over; `time` is that of its last probe. */
export function scanEvent(source: Source): ScanEvent {
  return {
    action: 'scan',
    time: source.lastSeen,
    source: source.address.toString(),
    family: source.address.isV4 ? 4 : 6,
    first: source.firstSeen,
    last: source.lastSeen,
    probes: source.probes,
    ports: source.ports,
    kinds: kindsOf(source.kinds),
    targets: source.targets,
  };
}

function kindsOf(mask: number): KindName[] {
  return Object.values(Kind)
    .filter((kind) => kind !== Kind.none && (mask & (1 << kind)) !== 0)
    .map(kindName);
}
