import { closeSync, constants, fchmodSync, fchownSync, fstatSync, lstatSync, writeSync } from 'node:fs';
import { inFolderOf, openRegular } from '../files/safe-path.ts';

/** Lines kept while the disk is full or the folder is missing. More are lost and counted, so that memory is bounded. */
export const MAX_PENDING_BYTES = 262_144;

/** How often the path is checked for a new file, and a failed write is tried again. */
const RECHECK_INTERVAL_MS = 1_000;

const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;

const MODE = 0o600;

/** The accounts that may read a file. */
export interface FileAccess {
  /** The permission bits. */
  readonly bits: number;
  /** The number of a group; null for the one that the file has. */
  readonly gid: number | null;
}

/** A destination of lines. Times are ms since the epoch. */
export interface LineSink {
  /** Adds a line, given without its line feed. */
  write(line: string, now: number): void;
  /** Call about once a second. Tries again what could not be written. */
  tick(now: number): void;
  /** Writes what is pending, even if a write has just failed, and closes. */
  close(): void;
}

/**
 * A file that is only appended to. The lines of one turn of the event loop are written together at its end, to the
 * file that has the name then, because logrotate may move the old one away at any time. A failure is reported once
 * and tried again; nothing throws. Only a regular file is opened, and no symbolic link is followed to it.
 */
export class AppendFile implements LineSink {
  readonly path: string;
  readonly #tell: (text: string) => void;
  readonly #access: FileAccess | null;
  #fd: number | null = null;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #lost = 0;
  #failing = false;
  #planned: NodeJS.Immediate | null = null;
  /** The time of the newest call, and of the last check of the path, in ms. */
  #now = 0;
  #lastCheck = Number.NEGATIVE_INFINITY;

  /**
   * `tell` receives one line for people when writing begins to fail and when it works again. `access` is given to the file
   * each time it is opened, also to one that logrotate has made; without it a new file is the owner's alone.
   */
  constructor(path: string, tell: (text: string) => void, access: FileAccess | null = null) {
    this.path = path;
    this.#tell = tell;
    this.#access = access;
  }

  /** Opens the file, and makes it if it is missing. Returns null, or why it failed in one line. */
  open(): string | null {
    try {
      this.#fd ??= this.#openFile();
      return null;
    } catch (error) {
      return `${this.path}: cannot be opened: ${reasonOf(error)}`;
    }
  }

  #openFile(): number {
    const fd = openRegular(this.path, FLAGS, MODE);
    try {
      if (this.#access !== null) giveAccess(fd, this.#access);
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  write(line: string, now: number): void {
    this.#now = now;
    const bytes = Buffer.from(`${line}\n`);
    if (this.#pendingBytes + bytes.length > MAX_PENDING_BYTES) this.#flush();
    if (this.#pendingBytes + bytes.length > MAX_PENDING_BYTES) {
      this.#lost++;
      return;
    }
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#planned ??= setImmediate(() => this.flushSync());
  }

  tick(now: number): void {
    this.#now = now;
    if (this.#pendingBytes > 0) this.#flush();
  }

  /** Writes what is pending. */
  flushSync(): void {
    if (this.#planned !== null) clearImmediate(this.#planned);
    this.#planned = null;
    if (this.#pendingBytes > 0) this.#flush();
  }

  close(): void {
    this.#lastCheck = Number.NEGATIVE_INFINITY;
    this.flushSync();
    this.#release();
  }

  #flush(): void {
    const isDue = Math.abs(this.#now - this.#lastCheck) >= RECHECK_INTERVAL_MS;
    if (this.#failing && !isDue) return;
    if (isDue) {
      this.#lastCheck = this.#now;
      if (!this.#isSameFile()) this.#release();
    }
    const failure = this.open() ?? this.#writePending();
    if (failure !== null) this.#fail(failure);
    else if (this.#failing) this.#recover();
  }

  #isSameFile(): boolean {
    if (this.#fd === null) return true;
    try {
      const named = inFolderOf(this.path, (safe) => lstatSync(safe));
      const open = fstatSync(this.#fd);
      return named.ino === open.ino && named.dev === open.dev;
    } catch {
      return false;
    }
  }

  #writePending(): string | null {
    let bytes = Buffer.concat(this.#pending);
    try {
      while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.#fd as number, bytes));
      return null;
    } catch (error) {
      return `${this.path}: cannot be written: ${reasonOf(error)}`;
    } finally {
      // The rest of a partial write is kept, so that no line is written twice.
      this.#pending = bytes.length > 0 ? [bytes] : [];
      this.#pendingBytes = bytes.length;
    }
  }

  #fail(reason: string): void {
    if (!this.#failing) this.#tell(`${reason}; tried again every second`);
    this.#failing = true;
  }

  #recover(): void {
    this.#failing = false;
    const lost = this.#lost === 0 ? '' : `; ${this.#lost} lines were lost`;
    this.#lost = 0;
    this.#tell(`${this.path}: is written again${lost}`);
  }

  #release(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}

function giveAccess(fd: number, { bits, gid }: FileAccess): void {
  const { uid, gid: is, mode } = fstatSync(fd);
  // A change of the group comes first, so that the former group never has the rights of the new one.
  if (gid !== null && gid !== is) fchownSync(fd, uid, gid);
  if ((mode & 0o777) !== bits) fchmodSync(fd, bits);
}

/** Node says `ENOENT: no such file or directory, open '/x'`. Our message has the path already. */
function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).message
    .replace(/^[A-Z0-9]+: /, '')
    .replace(/, [a-z]+( '.*')?$/, '');
}
