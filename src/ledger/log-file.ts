import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  write,
  writeSync,
} from 'node:fs';
import { getSystemErrorMap, promisify } from 'node:util';
import type { Failure } from '../commands/failure.ts';

/**
 * A link in place of the file would have us write wherever it leads, and a pipe or a device wait or do what it
 * does; none is opened.
 */
const GUARDED = constants.O_NOFOLLOW | constants.O_NONBLOCK;
const TO_ADD = constants.O_RDWR | constants.O_APPEND | GUARDED;

/** Who is blocked, and what an administrator said of them, is nobody else's business. */
const MODE = 0o600;

const LINE_END = 0x0a;

const syncData = promisify(fdatasync);
const writeSome = promisify(write);

/** An open file of lines that is only added to. */
export class LogFile {
  readonly fd: number;
  readonly #device: number;
  readonly #inode: number;
  /** Bytes that must be there: less means that somebody cut it. */
  #size: number;
  #syncing: Promise<void> | null = null;

  private constructor(fd: number) {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error('it is not a regular file');
    this.fd = fd;
    this.#device = stat.dev;
    this.#inode = stat.ino;
    this.#size = stat.size;
  }

  /** Opens the file that has this name, or makes it. Throws, as the others do, why it cannot. */
  static open(path: string): LogFile {
    return LogFile.#open(path, TO_ADD | constants.O_CREAT);
  }

  /** Makes the file; throws when there is one already. */
  static make(path: string): LogFile {
    return LogFile.#open(path, TO_ADD | constants.O_CREAT | constants.O_EXCL);
  }

  /** Opens a file that cannot be written. */
  static openToRead(path: string): LogFile {
    return LogFile.#open(path, constants.O_RDONLY | GUARDED);
  }

  static #open(path: string, flags: number): LogFile {
    refuseUnlessFile(path);
    const fd = openSync(path, flags, MODE);
    try {
      return new LogFile(fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  get size(): number {
    return this.#size;
  }

  /** What has become of it: `is gone`, `was replaced` or `was cut off`; null when nothing has. */
  faultAt(path: string): Failure {
    const named = lstatSync(path, { throwIfNoEntry: false });
    if (named === undefined) return 'is gone';
    if (named.ino !== this.#inode || named.dev !== this.#device) return 'was replaced';
    return named.size < this.#size ? 'was cut off' : null;
  }

  /** Cuts off all behind the first `size` bytes. */
  truncate(size: number): void {
    ftruncateSync(this.fd, size);
    this.#size = size;
  }

  /** Adds whole lines, at once. What could not be written is the rest, and of that nothing counts in the file. */
  append(lines: Buffer): { readonly rest: Buffer; readonly failure: Failure } {
    let written = 0;
    try {
      while (written < lines.length) written += writeSync(this.fd, lines, written);
      this.#size += written;
      return { rest: lines.subarray(written), failure: null };
    } catch (error) {
      const whole = written === 0 ? 0 : lines.lastIndexOf(LINE_END, written - 1) + 1;
      this.#size += whole;
      const rest = lines.subarray(whole);
      const isTakenBack = written === whole || this.#takeBack(written - whole);
      // Half a line that has to stay is ended, lest it swallow the next.
      return {
        rest: isTakenBack ? rest : Buffer.concat([Buffer.of(LINE_END), rest]),
        failure: reasonOf(error),
      };
    }
  }

  /** Adds text off the main thread; rejects when that fails, and the file is then of no use. */
  async write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    let written = 0;
    while (written < bytes.length) written += (await writeSome(this.fd, bytes, written)).bytesWritten;
    this.#size += written;
  }

  /** Resolves when all that was added before is on the disk; rejects when it may not be. One at a time. */
  sync(): Promise<void> {
    this.#syncing = syncData(this.fd).finally(() => {
      this.#syncing = null;
    });
    return this.#syncing;
  }

  /** A sync that is under way is waited for: the descriptor's number may be another file's next. */
  close(): void {
    const close = () => closeSync(this.fd);
    if (this.#syncing === null) close();
    else this.#syncing.then(close, close);
  }

  /** Cuts off the last bytes, which are our own. */
  #takeBack(bytes: number): boolean {
    try {
      ftruncateSync(this.fd, fstatSync(this.fd).size - bytes);
      return true;
    } catch {
      return false;
    }
  }
}

/** Throws when the name belongs to something else than a file. */
export function refuseUnlessFile(path: string): void {
  const named = lstatSync(path, { throwIfNoEntry: false });
  if (named?.isSymbolicLink()) throw new Error('it is a symbolic link, which is not followed');
  if (named !== undefined && !named.isFile()) throw new Error('it is not a regular file');
}

/** What the system says of an error, without the name of the call. */
export function reasonOf(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return getSystemErrorMap().get(errno ?? 0)?.[1] ?? message;
}
