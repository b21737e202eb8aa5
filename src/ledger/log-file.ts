import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  type Stats,
  write,
  writeSync,
} from 'node:fs';
import { getSystemErrorMap, promisify } from 'node:util';
import type { Failure } from '../commands/failure.ts';
import { inFolderOf, openRegular } from '../files/safe-path.ts';
import { LINE_END } from './line.ts';

const APPEND_FLAGS = constants.O_RDWR | constants.O_APPEND;

/** Only the owner may see who is blocked, and the notes of administrators. */
const MODE = 0o600;

const syncData = promisify(fdatasync);
const writeSome = promisify(write);

/** An open file of lines, to which lines are only appended. */
export class LogFile {
  readonly fd: number;
  readonly #device: number;
  readonly #inode: number;
  /** The bytes that must be there; a smaller file was cut off by others. */
  #sizeBytes: number;
  #syncing: Promise<void> | null = null;

  private constructor(fd: number) {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error('it is not a regular file');
    this.fd = fd;
    this.#device = stat.dev;
    this.#inode = stat.ino;
    this.#sizeBytes = stat.size;
  }

  /** Opens the file or creates it. Throws when it cannot, as the next two do. */
  static open(path: string): LogFile {
    return LogFile.#open(path, APPEND_FLAGS | constants.O_CREAT);
  }

  /** Creates the file; throws when the name exists. */
  static create(path: string): LogFile {
    return LogFile.#open(path, APPEND_FLAGS | constants.O_CREAT | constants.O_EXCL);
  }

  /** Opens the file without permission to write. */
  static openToRead(path: string): LogFile {
    return LogFile.#open(path, constants.O_RDONLY);
  }

  static #open(path: string, flags: number): LogFile {
    refuseUnlessFile(path);
    const fd = openRegular(path, flags, MODE);
    try {
      return new LogFile(fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** In bytes. */
  get size(): number {
    return this.#sizeBytes;
  }

  /** What others did to it: `is gone`, `was replaced` or `was cut off`; null for nothing. Throws when it cannot look. */
  faultAt(path: string): Failure {
    const named = entryAt(path);
    if (named === undefined) return 'is gone';
    if (named.ino !== this.#inode || named.dev !== this.#device) return 'was replaced';
    return named.size < this.#sizeBytes ? 'was cut off' : null;
  }

  /** Keeps the first `sizeBytes` bytes and cuts off the rest. */
  truncate(sizeBytes: number): void {
    ftruncateSync(this.fd, sizeBytes);
    this.#sizeBytes = sizeBytes;
  }

  /** Appends whole lines, synchronously. On a failure `rest` holds what to append later. */
  append(lines: Buffer): { readonly rest: Buffer; readonly failure: Failure } {
    let written = 0;
    try {
      while (written < lines.length) written += writeSync(this.fd, lines, written);
      this.#sizeBytes += written;
      return { rest: lines.subarray(written), failure: null };
    } catch (error) {
      const whole = written === 0 ? 0 : lines.lastIndexOf(LINE_END, written - 1) + 1;
      this.#sizeBytes += whole;
      const rest = lines.subarray(whole);
      const isUndone = written === whole || this.#cutBack(written - whole);
      // If half a line must stay, `rest` ends it first, so that it does not swallow the next line.
      return {
        rest: isUndone ? rest : Buffer.concat([Buffer.of(LINE_END), rest]),
        failure: reasonOf(error),
      };
    }
  }

  /** Appends text off the main thread. Rejects on a failure, after which the file is unusable. */
  async write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    let written = 0;
    while (written < bytes.length) written += (await writeSome(this.fd, bytes, written)).bytesWritten;
    this.#sizeBytes += written;
  }

  /** Resolves when all that was appended before is on the disk; rejects when it may not be. One call at a time. */
  sync(): Promise<void> {
    this.#syncing = syncData(this.fd).finally(() => {
      this.#syncing = null;
    });
    return this.#syncing;
  }

  /** Closes the file after a running sync, because the system may reuse the descriptor for another file. */
  close(): void {
    const close = () => closeSync(this.fd);
    if (this.#syncing === null) close();
    else this.#syncing.then(close, close);
  }

  /** Cuts off the last bytes, which we wrote. */
  #cutBack(bytes: number): boolean {
    try {
      ftruncateSync(this.fd, fstatSync(this.fd).size - bytes);
      return true;
    } catch {
      return false;
    }
  }
}

/** Throws when the name exists and is not a regular file. */
export function refuseUnlessFile(path: string): void {
  const named = entryAt(path);
  if (named?.isSymbolicLink()) throw new Error('it is a symbolic link, which is not followed');
  if (named !== undefined && !named.isFile()) throw new Error('it is not a regular file');
}

/** undefined when there is no such file, or no folder of it. */
function entryAt(path: string): Stats | undefined {
  try {
    return inFolderOf(path, (safe) => lstatSync(safe));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The system's message for an error, without the name of the call. */
export function reasonOf(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return getSystemErrorMap().get(errno ?? 0)?.[1] ?? message;
}
