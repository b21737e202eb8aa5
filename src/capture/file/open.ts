import { closeSync, openSync, type Stats, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { CaptureSource } from '../source.ts';
import { formatOf, MAGIC_BYTES } from './format.ts';
import { GunzipInput } from './gunzip.ts';
import { type ByteInput, FileInput, systemReason } from './input.ts';
import { openPipe } from './pipe.ts';
import { CaptureReader } from './reader.ts';
import { spool } from './spool.ts';

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
 * Opens a capture by its path; `-` means `standardInput`. A pipe cannot be read twice, so it is copied to a temporary
 * file first, which may take as long as the pipe does; one that nobody writes to is refused. Never rejects.
 */
export async function openCaptureFile(path: string, standardInput: Readable): Promise<CaptureFile> {
  const name = path === '-' ? 'standard input' : path;
  try {
    const pipe = path === '-' ? standardInput : await pipeAt(path);
    return pipe === null ? new StoredFile(path) : new SpooledFile(name, await spool(pipe));
  } catch (error) {
    return new UnreadableFile(name, systemReason(error));
  }
}

/** The pipe at the path, or null for a file. */
async function pipeAt(path: string): Promise<Readable | null> {
  const stats = statSync(path);
  if (stats.isFIFO()) return openPipe(path);
  if (!stats.isFile()) throw new Error(notReadable(stats));
  return null;
}

function notReadable(stats: Stats): string {
  return stats.isDirectory() ? 'is a directory' : 'is neither a file nor a pipe';
}

/** Opened for each reading, so that any number of captures can be read in one call. */
class StoredFile implements CaptureFile {
  readonly name: string;

  constructor(path: string) {
    this.name = path;
  }

  read(): CaptureSource {
    try {
      return readerOf(this.name, openSync(this.name, 'r'), true);
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

  constructor(name: string, descriptor: number) {
    this.name = name;
    this.#descriptor = descriptor;
  }

  read(): CaptureSource {
    return readerOf(this.name, this.#descriptor, false);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function readerOf(name: string, descriptor: number, closes: boolean): CaptureReader {
  const file = new FileInput(descriptor, closes);
  return new CaptureReader(name, isGzip(descriptor) ? new GunzipInput(file) : file);
}

/** An error is ignored here, because it occurs again and is reported when the file is read. */
function isGzip(descriptor: number): boolean {
  const head = new Uint8Array(MAGIC_BYTES);
  const length = new FileInput(descriptor).read(head);
  return typeof length === 'number' && formatOf(head.subarray(0, length)) === 'gzip';
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
