import type { ByteInput } from '../capture/file/input.ts';
import { type EventFile, inputOf } from './event-files.ts';
import { parseEventLine } from './event-line.ts';
import { type LineTaker, readLines } from './event-lines.ts';
import type { FiledEvent } from './filed-event.ts';

/** An event may stand a little before an older one: the sum of a scan has the time of its last probe, minutes ago. */
const DISORDER_MS = 3_600_000;

/** A span of time in ms since the epoch: `since` itself belongs to it, `until` does not. */
export interface Span {
  readonly since: number | null;
  readonly until: number | null;
}

/** What was read of the event files. */
export interface EventsRead {
  /** Events within the span, which were passed on. */
  events: number;
  /** Events outside it. */
  outside: number;
  /** Lines that are no events, or too long. */
  badLines: number;
  /** Files that are damaged or that could not be read to their end. */
  faults: number;
  /** One line for people for each file that has something wrong with it. */
  readonly troubles: string[];
}

/** How far the reading is. */
export interface ReadingProgress {
  /** `bytes` octets of all files have been read, and `lines` lines. Called often. */
  note(bytes: number, lines: number): void;
}

/**
 * Reads the events of the files, in the order of the files, and passes those in the span to `take`. Nothing of an event
 * is kept. A file that is damaged is read as far as it goes. Files that end before the span begins are not read. Never
 * rejects unless `take` throws.
 */
export async function readEvents(
  files: readonly EventFile[],
  span: Span,
  take: (event: FiledEvent) => void,
  progress?: ReadingProgress,
): Promise<EventsRead> {
  const read = nothingRead();
  let before = 0;
  let linesBefore = 0;
  for (const [index, file] of files.entries()) {
    if (!(await endsBefore(files[index + 1], span.since))) {
      const input = await inputOf(file);
      let lines = 0;
      await readEventsOf(input, file.path, span, take, read, (now) => {
        lines = now;
        progress?.note(before + (input.position ?? 0), linesBefore + lines);
      });
      linesBefore += lines;
      input.close();
    }
    before += file.bytes;
  }
  return read;
}

/** Reads one input, such as standard input, as above; `name` stands in what is said of it. Does not close it. */
export async function readEventsOf(
  input: ByteInput,
  name: string,
  span: Span,
  take: (event: FiledEvent) => void,
  read: EventsRead = nothingRead(),
  progress: (lines: number) => void = () => {},
): Promise<EventsRead> {
  const taker = new EventTaker(span, take, read, progress);
  const fault = await readLines(input, taker);
  const trouble = taker.trouble();
  if (fault !== null) {
    read.faults++;
    read.troubles.push(`${name}: ${fault.reason}; it is read as far as it goes`);
  }
  if (trouble !== null) read.troubles.push(`${name}: ${trouble}`);
  return read;
}

/** Makes events of lines, and counts what is none. */
class EventTaker implements LineTaker {
  #lines = 0;
  readonly #since: number;
  readonly #until: number;
  readonly #take: (event: FiledEvent) => void;
  readonly #read: EventsRead;
  readonly #progress: (lines: number) => void;
  #bad = 0;
  #firstBad = 0;

  constructor(
    { since, until }: Span,
    take: (event: FiledEvent) => void,
    read: EventsRead,
    progress: (lines: number) => void,
  ) {
    this.#since = since ?? Number.NEGATIVE_INFINITY;
    this.#until = until ?? Number.POSITIVE_INFINITY;
    this.#take = take;
    this.#read = read;
    this.#progress = progress;
  }

  line(bytes: Buffer): void {
    this.#lines++;
    if (bytes.length === 0) return;
    const event = parseEventLine(bytes.toString());
    if (event === null) this.#noteBad();
    else if (event.time < this.#since || event.time >= this.#until) this.#read.outside++;
    else {
      this.#read.events++;
      this.#take(event);
    }
  }

  tooLong(): void {
    this.#lines++;
    this.#noteBad();
  }

  progress(): void {
    this.#progress(this.#lines);
  }

  /** What is wrong with the lines; null for nothing. */
  trouble(): string | null {
    if (this.#bad === 0) return null;
    if (this.#bad === 1) return `line ${this.#firstBad} is no event of portsentry and is left out`;
    return `${this.#bad} lines are no events of portsentry and are left out; the first one is line ${this.#firstBad}`;
  }

  #noteBad(): void {
    if (this.#bad === 0) this.#firstBad = this.#lines;
    this.#bad++;
    this.#read.badLines++;
  }
}

/** The counts before anything is read. */
export function nothingRead(): EventsRead {
  return { events: 0, outside: 0, badLines: 0, faults: 0, troubles: [] };
}

/** Whether the file before `next` has only events from before the time, because `next` itself begins before it. */
async function endsBefore(next: EventFile | undefined, since: number | null): Promise<boolean> {
  if (next === undefined || since === null) return false;
  const first = await firstTime(next);
  return first !== null && first + DISORDER_MS < since;
}

/** The time of the first event of a file; null without one. */
async function firstTime(file: EventFile): Promise<number | null> {
  const input = await inputOf(file);
  let time: number | null = null;
  const head = new HeadInput(input);
  await readLines(head, {
    line: (bytes) => {
      time ??= parseEventLine(bytes.toString())?.time ?? null;
    },
    tooLong: () => {},
  });
  input.close();
  return time;
}

/** The first octets of an input. A line that is cut off at the end is no event. */
class HeadInput implements ByteInput {
  readonly #input: ByteInput;
  #isRead = false;

  constructor(input: ByteInput) {
    this.#input = input;
  }

  read(into: Uint8Array) {
    if (this.#isRead) return 0;
    this.#isRead = true;
    return this.#input.read(into);
  }

  close(): void {}
}
