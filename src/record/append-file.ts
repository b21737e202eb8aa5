import { closeSync, constants, fstatSync, openSync, statSync, writeSync } from 'node:fs';

/** What waits for a full disk or a missing folder. Beyond it lines are lost and counted: memory must not follow. */
export const MAX_PENDING_BYTES = 262_144;

/** How often (ms) the path is looked at for another file than the open one, and a failed write is tried again. */
const RECHECK_INTERVAL = 1_000;

/** A path that names a pipe nobody reads must be an error, not a wait without end. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

const MODE = 0o600;

/** Where lines go. Times are ms. */
export interface LineSink {
  /** Adds a line, given without its end. */
  write(line: string, now: number): void;
  /** To be called every second or so: tries again what could not be written. */
  tick(now: number): void;
  /** Writes what waits, however short ago that failed, and ends. */
  close(): void;
}

/**
 * A file that is only added to. Lines that come together are written together, by one write at the end of the
 * turn, and to the file that has the name then: logrotate may move the old one away at any time. What fails is
 * told once and tried again; nothing throws.
 */
export class AppendFile implements LineSink {
  readonly path: string;
  readonly #tell: (text: string) => void;
  #fd: number | null = null;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #lost = 0;
  #failing = false;
  #planned: NodeJS.Immediate | null = null;
  /** The time of the newest call, ms, and when the path was last looked at. */
  #now = 0;
  #lastCheck = Number.NEGATIVE_INFINITY;

  /** `tell` gets one line for people when writing begins to fail and when it works again. */
  constructor(path: string, tell: (text: string) => void) {
    this.path = path;
    this.#tell = tell;
  }

  /** Opens the file, making it if need be; null when it worked, else why not, in one line. */
  open(): string | null {
    try {
      this.#fd ??= openSync(this.path, FLAGS, MODE);
      return null;
    } catch (error) {
      return `${this.path}: cannot be opened: ${reasonOf(error)}`;
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

  /** Writes what waits. */
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
    const isDue = Math.abs(this.#now - this.#lastCheck) >= RECHECK_INTERVAL;
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
      const named = statSync(this.path);
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
      // A write that broke off goes on where it stopped, so that no line is there twice.
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

/** Node says `ENOENT: no such file or directory, open '/x'`; the path is said by us. */
function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).message
    .replace(/^[A-Z0-9]+: /, '')
    .replace(/, [a-z]+( '.*')?$/, '');
}
