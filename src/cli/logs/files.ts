import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { rotatedFiles } from '../../report/rotated.ts';
import { MAX_LINE_BYTES, MAX_SEARCHED_BYTES } from './bounds.ts';
import type { LogLine, LogPlace, LogQuery } from './line.ts';
import type { ParseLine } from './parse.ts';

/** How often a file is looked at for new lines. */
const POLL_MS = 250;

const BLOCK_BYTES = 65_536;
const LINE_FEED = 0x0a;

/** A file of lines, and how they are read. */
export interface LogFileOptions {
  readonly path: string;
  readonly isPartial: boolean;
  readonly parse: ParseLine;
  /** The time of any line of the file, ours or not; null for a line without one. */
  readonly timeOf: (line: string, now: number) => number | null;
  readonly now: () => number;
  /** The most octets that are searched; left out for MAX_SEARCHED_BYTES. */
  readonly maxBytes?: number;
}

/** The lines of a file and of those that logrotate made of it. */
export function logFile(options: LogFileOptions): LogPlace {
  const { path, isPartial } = options;
  return { name: path, isPartial, read: (query) => readFile(options, query) };
}

async function* readFile(options: LogFileOptions, query: LogQuery): AsyncGenerator<LogLine> {
  const { lines, since, follow, signal } = query;
  let current: FileHandle | null = await openFile(options.path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && follow) return null;
    throw error;
  });
  try {
    const size = current === null ? 0 : (await current.stat()).size;
    const search = new Search(options, lines, since);
    if (current !== null) await search.backwards(current, size);
    if (!search.isOver) await searchRotated(options.path, search);
    yield* search.found.reverse();
    if (!follow) return;
    const followed = new Followed(current, size);
    current = null;
    yield* followLines(options, followed, signal);
  } finally {
    await current?.close();
  }
}

/** From the newest on, until there are enough lines. */
async function searchRotated(path: string, search: Search): Promise<void> {
  for (const each of rotatedFiles(path).paths.slice(0, -1).reverse()) {
    if (search.isOver) return;
    const file = await openFile(each).catch(() => null);
    if (file === null) continue;
    try {
      if (each.endsWith('.gz')) await search.compressed(file);
      else await search.backwards(file, (await file.stat()).size);
    } finally {
      await file.close();
    }
  }
}

/** Does not wait for a pipe. */
async function openFile(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Error(`${path}: it is not a regular file`);
}

/** Looks for the last lines, and keeps no more than these. */
class Search {
  /** The newest first. */
  readonly found: LogLine[] = [];
  readonly #options: LogFileOptions;
  readonly #lines: number;
  readonly #since: number | null;
  #roomBytes: number;
  #isOver: boolean;

  constructor(options: LogFileOptions, lines: number, since: number | null) {
    this.#options = options;
    this.#lines = lines;
    this.#since = since;
    this.#roomBytes = options.maxBytes ?? MAX_SEARCHED_BYTES;
    this.#isOver = lines === 0;
  }

  /** All lines were found, or older ones are not asked for. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Reads a file from its end. */
  async backwards(file: FileHandle, size: number): Promise<void> {
    let rest: Buffer = Buffer.alloc(0);
    for (let end = size; end > 0 && !this.#isOver; ) {
      const begin = Math.max(0, end - BLOCK_BYTES);
      const block = Buffer.alloc(end - begin);
      await file.read(block, 0, block.length, begin);
      this.#spend(block.length);
      end = begin;
      const bytes = Buffer.concat([block, rest]);
      const first = begin === 0 ? 0 : bytes.indexOf(LINE_FEED) + 1;
      if (first === 0 && begin > 0) {
        rest = bytes.subarray(0, MAX_LINE_BYTES);
        continue;
      }
      rest = bytes.subarray(0, first);
      this.#takeBlock(linesOf(bytes.subarray(first)));
    }
  }

  /** Reads a gzipped file from its beginning: it has no end that one could begin with. */
  async compressed(file: FileHandle): Promise<void> {
    const last: LogLine[] = [];
    const { parse, now } = this.#options;
    const wanted = this.#lines - this.found.length;
    try {
      for await (const line of streamedLines(file, (bytes) => this.#spend(bytes))) {
        const parsed = parse(line, now());
        if (parsed === null || (this.#since !== null && parsed.time < this.#since)) continue;
        last.push(parsed);
        if (last.length > 2 * wanted) last.splice(0, last.length - wanted);
      }
    } catch {
      // A file that is cut off, or still being compressed: what could be read counts.
    }
    this.found.push(...last.slice(-wanted).reverse());
    if (this.found.length >= this.#lines) this.#isOver = true;
  }

  #takeBlock(lines: readonly string[]): void {
    const { parse, timeOf, now } = this.#options;
    const since = this.#since;
    for (let index = lines.length - 1; index >= 0; index--) {
      const parsed = parse(lines[index] as string, now());
      if (parsed === null) continue;
      if (since !== null && parsed.time < since) {
        this.#isOver = true;
        return;
      }
      this.found.push(parsed);
      if (this.found.length < this.#lines) continue;
      this.#isOver = true;
      return;
    }
    // Lines of others show the time, too.
    const first = since === null ? null : timeOf(lines[0] ?? '', now());
    if (first !== null && since !== null && first < since) this.#isOver = true;
  }

  /** Returns whether more may be read. */
  #spend(bytes: number): boolean {
    this.#roomBytes -= bytes;
    if (this.#roomBytes <= 0) this.#isOver = true;
    return this.#roomBytes > 0;
  }
}

function linesOf(bytes: Buffer): string[] {
  return bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/** `count` gets the octets that were read, and returns whether more may be. */
async function* streamedLines(file: FileHandle, count: (bytes: number) => boolean): AsyncGenerator<string> {
  const input = file.createReadStream({ autoClose: false }).on('error', (error) => gunzip.destroy(error));
  const gunzip = createGunzip();
  input.pipe(gunzip);
  let rest = '';
  try {
    for await (const chunk of gunzip.setEncoding('utf8') as AsyncIterable<string>) {
      const goesOn = count(Buffer.byteLength(chunk));
      const lines = `${rest}${chunk}`.split('\n');
      rest = (lines.pop() ?? '').slice(0, MAX_LINE_BYTES);
      yield* lines;
      if (!goesOn) return;
    }
    if (rest !== '') yield rest;
  } finally {
    input.destroy();
    gunzip.destroy();
  }
}

/** A file that is read as it grows. */
class Followed {
  /** null while there is no file of the name. */
  file: FileHandle | null;
  /** Octets that were read. */
  at: number;
  /** The beginning of a line that has no end yet. */
  rest: Buffer = Buffer.alloc(0);

  constructor(file: FileHandle | null, at: number) {
    this.file = file;
    this.at = at;
  }

  /** The lines that came since the last call, in pieces; empty when there are none. */
  async more(): Promise<string[]> {
    if (this.file === null) return [];
    const { size } = await this.file.stat();
    // It was emptied, as logrotate does with `copytruncate`.
    if (size < this.at) this.#begin(this.file);
    const block = Buffer.alloc(Math.min(BLOCK_BYTES, size - this.at));
    const { bytesRead } = await this.file.read(block, 0, block.length, this.at);
    this.at += bytesRead;
    const bytes = Buffer.concat([this.rest, block.subarray(0, bytesRead)]);
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    this.rest = bytes.subarray(end, end + MAX_LINE_BYTES);
    return linesOf(bytes.subarray(0, end));
  }

  /** Whether all of it was read. */
  async isRead(): Promise<boolean> {
    return this.file === null || (await this.file.stat()).size <= this.at;
  }

  /** Goes over to the file that has the name now, if that is another one. */
  async turnTo(path: string): Promise<void> {
    const named = await openFile(path).catch(() => null);
    if (named === null) return;
    const [now, before] = [await named.stat(), await this.file?.stat()];
    if (before !== undefined && now.ino === before.ino && now.dev === before.dev) {
      await named.close();
      return;
    }
    await this.file?.close();
    this.#begin(named);
  }

  #begin(file: FileHandle): void {
    this.file = file;
    this.at = 0;
    this.rest = Buffer.alloc(0);
  }
}

async function* followLines(
  { path, parse, now }: LogFileOptions,
  followed: Followed,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  try {
    while (!signal.aborted) {
      for (const line of await followed.more()) {
        const parsed = parse(line, now());
        if (parsed !== null) yield parsed;
      }
      if (!(await followed.isRead())) continue;
      await followed.turnTo(path);
      if (await followed.isRead()) await delay(POLL_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    await followed.file?.close();
  }
}
