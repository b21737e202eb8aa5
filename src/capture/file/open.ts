import { closeSync, openSync, type Stats, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { CaptureSource } from '../source.ts';
import { formatOf, MAGIC_BYTES } from './format.ts';
import type { GunzipInput } from './gunzip.ts';
import { type ByteInput, FileInput, systemReason } from './input.ts';
import { CaptureReader } from './reader.ts';

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
 * Opens a capture by its path; `-` means what `standardInput` returns, which is
 * asked only then, because to open it takes milliseconds. A pipe cannot be read twice, so it is copied to a temporary
 * file first, which may take as long as the pipe does; one that nobody writes to is refused. Never rejects.
 */
export async function openCaptureFile(path: string, standardInput: () => Readable): Promise<CaptureFile> {
  const name = path === '-' ? 'standard input' : path;
  try {
    const descriptor = await openDescriptor(path, standardInput);
    return new StoredFile(name, descriptor, isGzip(descriptor) ? await loadGunzip() : null);
  } catch (error) {
    return new UnreadableFile(name, systemReason(error));
  }
}

/** The modules for pipes and compressed files load others of Node, which a plain file need not wait for. */
async function openDescriptor(path: string, standardInput: () => Readable): Promise<number> {
  if (path === '-') return spool(standardInput());
  const stats = statSync(path);
  if (stats.isFIFO()) return spool(await (await import('./pipe.ts')).openPipe(path));
  if (!stats.isFile()) throw new Error(notReadable(stats));
  return openSync(path, 'r');
}

async function spool(input: Readable): Promise<number> {
  return (await import('./spool.ts')).spool(input);
}

async function loadGunzip(): Promise<typeof GunzipInput> {
  return (await import('./gunzip.ts')).GunzipInput;
}

/** An error is ignored here, because it occurs again and is reported when the file is read. */
function isGzip(descriptor: number): boolean {
  const head = new Uint8Array(MAGIC_BYTES);
  const length = new FileInput(descriptor).read(head);
  return typeof length === 'number' && formatOf(head.subarray(0, length)) === 'gzip';
}

function notReadable(stats: Stats): string {
  return stats.isDirectory() ? 'is a directory' : 'is neither a file nor a pipe';
}

class StoredFile implements CaptureFile {
  readonly name: string;
  readonly #descriptor: number;
  /** Null for a file that is not compressed. */
  readonly #gunzip: typeof GunzipInput | null;

  constructor(name: string, descriptor: number, gunzip: typeof GunzipInput | null) {
    this.name = name;
    this.#descriptor = descriptor;
    this.#gunzip = gunzip;
  }

  read(): CaptureSource {
    const file = new FileInput(this.#descriptor);
    return new CaptureReader(this.name, this.#gunzip === null ? file : new this.#gunzip(file));
  }

  close(): void {
    closeSync(this.#descriptor);
  }
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
