import { type PortRange, PortSet } from '../config/ports.ts';
import { portList } from '../config/values.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { Narrow } from '../replay/narrow.ts';
import { parsePrefixes } from './endpoints.ts';
import type { ReplayOptions } from './invocation.ts';
import { isTimeOfDay, readMoment } from './moments.ts';

/**
 * Which probes --since, --until, --port and --source leave; null for all. `first` is the time of the first packet in ms
 * since the epoch, on which times of the day depend. Throws usage error 64.
 */
export function readNarrow({ since, until, port, source }: NarrowOptions, first = 0): Narrow | null {
  if ([since, until, port, source].every((option) => option === undefined)) return null;
  const from = since === undefined ? null : readMoment(since, '--since', first);
  const to = until === undefined ? null : readEnd(until, from ?? first);
  if (from !== null && to !== null && to <= from)
    throw usage(`--until: expected a time after --since ${since}, found "${until}"`);
  return new Narrow({
    since: from,
    until: to,
    ports: port === undefined ? null : readPorts(port),
    sources: source === undefined ? null : parsePrefixes(source, '--source'),
  });
}

type NarrowOptions = Pick<ReplayOptions, 'since' | 'until' | 'port' | 'source'>;

/** Whether the options have a time without a date, which depends on the first packet. */
export function needsFirstPacket({ since, until }: NarrowOptions): boolean {
  return [since, until].some((text) => text !== undefined && isTimeOfDay(text));
}

/** The same for --until: a time alone is the first one after `begin` (ms since the epoch). */
function readEnd(text: string, begin: number): number {
  const end = readMoment(text, '--until', begin);
  if (!isTimeOfDay(text) || end > begin) return end;
  const next = new Date(begin);
  // A day is not always 24 hours long.
  next.setDate(next.getDate() + 1);
  return readMoment(text, '--until', next.getTime());
}

/** `22,80-90` of TCP and UDP, or `tcp/22,udp/53` of one of them. */
function readPorts(text: string): { tcp: PortSet; udp: PortSet } {
  const ranges = { tcp: [] as PortRange[], udp: [] as PortRange[] };
  for (const item of text.split(',')) {
    const match = /^\s*(?:(tcp|udp)\/)?([\d-]+)\s*$/.exec(item);
    const ports = match === null ? null : portList.parse(match[2] ?? '');
    if (match === null || ports === null || !ports.ok)
      throw usage(`--port: expected ports such as 22,80-90,udp/53, found "${item}"`);
    for (const transport of ['tcp', 'udp'] as const) {
      if (match[1] === undefined || match[1] === transport) ranges[transport].push(...ports.value.ranges());
    }
  }
  return { tcp: PortSet.of(ranges.tcp), udp: PortSet.of(ranges.udp) };
}

function usage(message: string): CommandError {
  return new CommandError(Exit.usage, message);
}
