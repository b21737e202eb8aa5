import { counted } from '../record/counted.ts';
import { oneLine } from '../record/one-line.ts';
import { formatTime, isoTime } from '../record/times.ts';
import type { Grouped } from './group.ts';
import { NOTICE_KINDS, type NoticeKind, URGENCY } from './notice.ts';

/** The longest text: ntfy makes a file of what is longer than 4,096 octets. */
const MAX_TEXT_BYTES = 3_600;

/** The longest line of it: a scan may have sixteen ranges of ports. */
const MAX_LINE_CHARS = 500;

/** What is sent, before it has the form of a receiver. */
export interface Message {
  /** One line of printable ASCII. */
  readonly title: string;
  /** Lines for people. */
  readonly text: string;
  /** `failure`: something does not work. `warning`: somebody scans. `info`: it is as it should be. */
  readonly level: 'info' | 'warning' | 'failure';
  readonly kinds: readonly NoticeKind[];
  /** For programs: the form `json`, and what NOTIFY_COMMAND reads. */
  readonly fields: object;
}

/** Where a message comes from. */
export interface Sender {
  readonly host: string;
  readonly version: string;
}

/** The message that tells of these notices. */
export function messageOf(grouped: Grouped, { host, version }: Sender): Message {
  const { counts, told, probes, since, until } = grouped;
  const kinds = NOTICE_KINDS.filter((kind) => counts.has(kind));
  const title = `portsentry on ${asciiOf(host)}: ${kinds.map((kind) => NAMES[kind](counts.get(kind) ?? 0)).join(', ')}`;
  const { lines, leftOut } = linesOf(grouped);
  const text = [...lines, ...(leftOut === 0 ? [] : [restText(grouped, leftOut)])].join('\n');
  return {
    title,
    text,
    level: levelOf(kinds),
    kinds,
    fields: {
      title,
      message: text,
      level: levelOf(kinds),
      host: { name: host },
      observer: { product: 'portsentry', version },
      since: isoTime(since),
      until: isoTime(until),
      counts: Object.fromEntries(kinds.map((kind) => [kind, counts.get(kind)])),
      probes,
      left_out: leftOut,
      events: told.map((notice) => notice.event()),
    },
  };
}

const NAMES: Readonly<Record<NoticeKind, (count: number) => string>> = {
  scan: (count) => counted(count, 'scan'),
  'block-failed': (count) => counted(count, 'failed block'),
  breaker: (count) => (count === 1 ? 'flood' : `flood (${count} messages)`),
  start: (count) => (count === 1 ? 'started' : `started ${count} times`),
  stop: () => 'stopped',
  test: () => 'a test message',
};

/** A line for each notice as long as there is room, and how many notices have none. */
function linesOf({ told, counts }: Grouped): { readonly lines: readonly string[]; readonly leftOut: number } {
  const lines: string[] = [];
  let roomBytes = MAX_TEXT_BYTES;
  for (const { time, text } of told) {
    const line = cut(`${formatTime(time)} ${oneLine(text())}`);
    roomBytes -= Buffer.byteLength(line) + 1;
    if (roomBytes < 0) break;
    lines.push(line);
  }
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return { lines, leftOut: all - lines.length };
}

function restText({ counts, probes, since }: Grouped, leftOut: number): string {
  const scans = counts.get('scan') ?? 0;
  const sum = scans === 0 ? '' : `; ${counted(scans, 'scan')} of ${counted(probes, 'probe')} in all`;
  return `and ${leftOut} more since ${formatTime(since)}${sum}`;
}

function levelOf(kinds: readonly NoticeKind[]): Message['level'] {
  const urgency = Math.max(...kinds.map((kind) => URGENCY[kind]));
  if (urgency === 3) return 'failure';
  return urgency === 2 ? 'warning' : 'info';
}

function cut(line: string): string {
  return line.length > MAX_LINE_CHARS ? `${line.slice(0, MAX_LINE_CHARS)}...` : line;
}

/** A header of HTTP takes no other characters, and a line feed would be another header. */
function asciiOf(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
