import { Kind, type KindName, kindName } from '../classify/kind.ts';
import { formatPrefix } from '../net/prefix.ts';
import type { CapturePlace, FrameNumber } from './capture-place.ts';
import type { DecoyGroup } from './decoy-group.ts';
import type { Answered, ScanEvent } from './event.ts';
import { countPorts, joinRanges, type ScannedRange } from './ranges.ts';
import { groupShapeOf, type Shape, shapeOf } from './shape.ts';
import type { Source } from './source.ts';

/** The summary of a source's scan that is over; `time` is that of its last probe. `placeOf` finds frames of a replay. */
export function scanEvent(
  source: Source,
  answered: readonly Answered[] | null = null,
  placeOf?: (at: FrameNumber) => CapturePlace,
): ScanEvent {
  const { ranges } = source;
  const { places } = source.marks;
  return {
    action: 'scan',
    time: source.lastSeen,
    source: formatPrefix(source.prefix),
    family: source.address.isV4 ? 4 : 6,
    first: source.firstSeen,
    last: source.lastSeen,
    probes: source.probes,
    ports: source.ports,
    atLeast: source.hasMorePorts,
    ranges: joinRanges(ranges),
    kinds: kindsOf(source.kinds),
    targets: source.targets,
    targetNames: source.targetNames,
    answered,
    tried: source.ports + countBeyond(answered ?? [], ranges),
    shape: shapeOf(source),
    tool: source.marks.tool.name,
    triggered: source.marks.triggered,
    evidence: source.marks.evidence,
    sources: 1,
    decoys: [],
    places:
      places === null || placeOf === undefined
        ? undefined
        : { first: placeOf(places.first), last: placeOf(places.last) },
  };
}

/** The summary of a group of decoys whose last active member is given; the member's address gives the family. */
export function groupScanEvent(group: DecoyGroup, { address }: Source): ScanEvent {
  const { first, last, probes, ports, targets, tool, triggered, size, names } = group;
  return {
    action: 'scan',
    time: last,
    source: names[0] ?? address.toString(),
    family: address.isV4 ? 4 : 6,
    first,
    last,
    probes,
    ports,
    atLeast: group.hasMorePorts,
    ranges: group.ranges,
    kinds: kindsOf(group.kinds),
    targets,
    targetNames: [...group.targetNames],
    answered: null,
    tried: ports,
    shape: shapeOfGroup(group),
    tool,
    triggered,
    evidence: 'spoofable',
    sources: size,
    decoys: [...names],
  };
}

/** The shape of a group's scan. */
export function shapeOfGroup({ size, ranges, ports, isOneSender }: DecoyGroup): Shape {
  return groupShapeOf(size, portsIn(ranges, ports), isOneSender);
}

/** The names of the kinds in a mask. */
export function kindsOf(mask: number): KindName[] {
  return Object.values(Kind)
    .filter((kind) => kind !== Kind.none && (mask & (1 << kind)) !== 0)
    .map(kindName);
}

/** Different ports that answered and that are in none of the ranges. */
function countBeyond(answered: readonly Answered[], ranges: readonly ScannedRange[]): number {
  const beyond = answered.filter(({ transport, port }) => {
    return !ranges.some(
      (range) => range.transport === transport && range.first <= port && port <= range.last,
    );
  });
  return new Set(beyond.map(({ transport, port }) => `${transport} ${port}`)).size;
}

/** The ports of the ranges, at least `least`: a group without names has no ranges. */
function portsIn(ranges: readonly ScannedRange[], least: number): number {
  return Math.max(least, countPorts(ranges));
}
