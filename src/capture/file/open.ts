import { closeSync, openSync, type Stats, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { CaptureSource } from '../source.ts';
import { formatOf, MAGIC_BYTES } from './format.ts';
import type { GunzipInput } from './gunzip.ts';
import { type ByteInput, FileInput, systemReason } from './input.ts';
import { CaptureReader } from './reader.ts';

/** What decompresses a capture; null for one that is not compressed. Its module is loaded only for one that is. */
type Gunzip = typeof GunzipInput | null;

/** A capture that can be read any number of times, each time from its start. */
export interface CaptureFile {
  /** The path, or `standard input`. */
  readonly name: string;
  /** For a file that cannot be read, returns a source without frames whose end gives the reason. */
  read(): CaptureSource;
  /** Closes the file. Close its sources first. */
  close(): void;
}

/**
 * Opens a capture by its path; `-` means what `standardInput` returns, which is asked only then, because to open it takes
 * milliseconds. A pipe cannot be read twice, so it is copied to a temporary file first, which may take as long as the pipe
 * does; one that nobody writes to is refused. Never rejects.
 */
export async function openCaptureFile(path: string, standardInput: () => Readable): Promise<CaptureFile> {
  const name = path === '-' ? 'standard input' : path;
  try {
    const pipe = await pipeAt(path, standardInput);
    if (pipe === null) return new StoredFile(path, await gunzipFor(path));
    const descriptor = await (await import('./spool.ts')).spool(pipe);
    return new SpooledFile(name, descriptor, await gunzipOf(descriptor));
  } catch (error) {
    return new UnreadableFile(name, systemReason(error));
  }
}

/** The pipe at the path, or null for a file. The modules for pipes load others of Node, which a file need not wait for. */
async function pipeAt(path: string, standardInput: () => Readable): Promise<Readable | null> {
  if (path === '-') return standardInput();
  const stats = statSync(path);
  if (stats.isFIFO()) return (await import('./pipe.ts')).openPipe(path);
  if (!stats.isFile()) throw new Error(notReadable(stats));
  return null;
}

/** What decompresses the file; null where it is not compressed. */
async function gunzipFor(path: string): Promise<Gunzip> {
  const descriptor = openSync(path, 'r');
  try {
    return await gunzipOf(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A read error is ignored here, because it occurs again and is reported when the file is read. */
async function gunzipOf(descriptor: number): Promise<Gunzip> {
  const head = new Uint8Array(MAGIC_BYTES);
  const length = new FileInput(descriptor).read(head);
  const isGzip = typeof length === 'number' && formatOf(head.subarray(0, length)) === 'gzip';
  return isGzip ? (await import('./gunzip.ts')).GunzipInput : null;
}

function notReadable(stats: Stats): string {
  return stats.isDirectory() ? 'is a directory' : 'is neither a file nor a pipe';
}

/** Opened for each reading, so that any number of captures can be read in one call. */
class StoredFile implements CaptureFile {
  readonly name: string;
  readonly #gunzip: Gunzip;

  constructor(path: string, gunzip: Gunzip) {
    this.name = path;
    this.#gunzip = gunzip;
  }

  read(): CaptureSource {
    try {
      return readerOf(this.name, openSync(this.name, 'r'), true, this.#gunzip);
    } catch (error) {
      return new UnreadableFile(this.name, systemReason(error)).read();
    }
  }

  close(): void {}
}

/** The copy of a pipe. */
class SpooledFile implements CaptureFile {
  readonly name: string;
  readonly #descriptor: number;
  readonly #gunzip: Gunzip;

  constructor(name: string, descriptor: number, gunzip: Gunzip) {
    this.name = name;
    this.#descriptor = descriptor;
    this.#gunzip = gunzip;
  }

  read(): CaptureSource {
    return readerOf(this.name, this.#descriptor, false, this.#gunzip);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function readerOf(name: string, descriptor: number, closes: boolean, gunzip: Gunzip): CaptureReader {
  const file = new FileInput(descriptor, closes);
  return new CaptureReader(name, gunzip === null ? file : new gunzip(file));
}

class UnreadableFile implements CaptureFile {
  readonly name: string;
  readonly #reason: string;

  constructor(name: string, reason: string) {
    this.name = name;
    this.#reason = reason;
  }

  read(): CaptureSource {
    const reason = this.#reason;
    const input: ByteInput = { read: () => ({ status: 'unreadable', reason }), close: () => {} };
    return new CaptureReader(this.name, input);
  }

  close(): void {}
}
