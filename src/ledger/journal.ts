import type { Failure } from '../commands/failure.ts';
import { Backoff } from './backoff.ts';
import { makeFolderOf, syncFolderOf } from './folder.ts';
import { GroupSync } from './group-sync.ts';
import { type LogFile, reasonOf } from './log-file.ts';
import { Replacement } from './replacement.ts';

/**
 * Characters of lines that wait for a full disk. Beyond it they are dropped, because memory must not grow with a disk
 * that stays full, and the file is rewritten from a snapshot.
 */
export const MAX_PENDING_LENGTH = 1_048_576;

/** Why a file is rewritten whose lines are no longer true. */
const OUTDATED = 'has the times of before the clock was set';

/** What a journal needs. */
export interface JournalParts {
  readonly path: string;
  /** The lines that state all that is known at the time of the call. */
  readonly snapshot: () => Iterable<string>;
  /** Logs one line for the administrator. */
  readonly tell: (text: string) => void;
  /** What a restart forgets while the file cannot be written; by default blocks. */
  readonly atStake?: string;
}

/**
 * The file of a ledger. It appends the lines of one turn of the event loop with one write. It rewrites the file on
 * demand, and when the file no longer holds what it should. A failure is logged once and tried again; nothing throws.
 */
export class Journal {
  readonly #parts: JournalParts;
  readonly #backoff = new Backoff();
  readonly #groupSync = new GroupSync(() => this.#sync());
  #file: LogFile | null = null;
  #lines = 0;
  /** Lines that are not yet in the file. */
  #pending = '';
  #planned: NodeJS.Immediate | null = null;
  /** Why the file must be rewritten before the next append; null when it need not be. */
  #stale: Failure = 'is not open';
  /** The failure that was logged; null when the file holds all that it should. */
  #trouble: Failure = null;
  #hasToldTooLong = false;
  #rewriting: Promise<void> | null = null;
  /** The new file, while it is written. */
  #copy: Replacement | null = null;
  #closing = false;

  constructor(parts: JournalParts) {
    this.#parts = parts;
  }

  /** Takes an open file and its number of lines, or null and the reason why there is none. */
  start(file: LogFile | null, lines: number, trouble: Failure): void {
    this.#file = file;
    this.#lines = lines;
    this.#stale = trouble;
    if (trouble !== null) this.#fail(trouble);
  }

  /** Lines in the file. */
  get lines(): number {
    return this.#lines;
  }

  /** Appends a line, which ends with a newline, to the file at the end of this turn of the event loop. */
  append(line: string): void {
    this.#pending += line;
    this.#lines++;
    this.#copy?.follow(line);
    if (this.#pending.length > MAX_PENDING_LENGTH) this.#flush();
    // After a failure the lines wait for the tick: there is no room yet, and each probe would try again.
    else if (this.#trouble === null) this.#planned ??= setImmediate(() => this.#flush());
  }

  /** Call it every second: it tries again what failed, and checks that the file is still there. */
  tick(): void {
    this.#backoff.tick();
    this.#check();
    this.#flush();
    if (this.#stale !== null) this.rewrite();
  }

  /** Rewrites the file in the background, unless that was tried just now. */
  rewrite(): void {
    if (this.#rewriting === null && !this.#closing && this.#backoff.attempt()) void this.#beginRewriting();
  }

  /** The lines in the file are no longer true: it is rewritten, and gets no line before that. */
  outdate(): void {
    if (this.#rewriting !== null) {
      void this.#rewriting.then(() => this.outdate());
      return;
    }
    this.#stale = OUTDATED;
    this.rewrite();
  }

  /** Resolves to null when all lines so far are on the disk, else to why they are not. */
  durable(): Promise<Failure> {
    this.#check();
    this.#flush();
    if (this.#stale !== null) this.rewrite();
    return this.#groupSync.run();
  }

  /** Writes the pending lines, even if that failed just now, and closes the file. Call nothing after it. */
  async close(): Promise<void> {
    this.#closing = true;
    // A rewrite that only shortens the file is not worth a wait at the end.
    if (this.#stale === null) this.#copy?.giveUp();
    await this.#rewriting;
    this.#check();
    this.#flush();
    if (this.#stale !== null) await this.#beginRewriting();
    await this.#groupSync.run();
    this.#flush();
    this.#file?.close();
    this.#file = null;
  }

  /** Notices what others have done to the file. */
  #check(): void {
    if (this.#file === null || this.#rewriting !== null || this.#stale !== null) return;
    try {
      this.#stale = this.#file.faultAt(this.#parts.path);
    } catch (error) {
      this.#stale = `cannot be looked at: ${reasonOf(error)}`;
    }
  }

  /** Appends the pending lines; those that fail stay pending. */
  #flush(): void {
    if (this.#planned !== null) clearImmediate(this.#planned);
    this.#planned = null;
    const lines = this.#pending;
    this.#pending = '';
    // A rewrite takes them from the snapshot.
    if (lines === '' || this.#file === null || this.#stale !== null) return;
    const { rest, failure } = this.#file.append(Buffer.from(lines));
    if (failure === null) {
      this.#recover(null);
      return;
    }
    const trouble = `cannot be written: ${failure}`;
    this.#fail(trouble);
    if (rest.length > MAX_PENDING_LENGTH) this.#stale = trouble;
    else this.#pending = rest.toString();
  }

  #beginRewriting(): Promise<void> {
    const rewriting = this.#rewrite(this.#stale).finally(() => {
      this.#rewriting = null;
    });
    this.#rewriting = rewriting;
    return rewriting;
  }

  async #rewrite(because: Failure): Promise<void> {
    const failure = await this.#replaceFile();
    if (failure === null) this.#recover(because);
    else if (this.#stale !== null) this.#fail(failure);
    else if (!this.#closing) this.#tellTooLong(failure);
  }

  async #replaceFile(): Promise<Failure> {
    const { path, snapshot } = this.#parts;
    try {
      await makeFolderOf(path);
      this.#copy = Replacement.begin(path, snapshot);
      await this.#copy.write();
      this.#adopt(this.#copy);
    } catch (error) {
      this.#copy?.discard();
      return `cannot be written anew: ${reasonOf(error)}`;
    } finally {
      this.#copy = null;
    }
    try {
      await syncFolderOf(path);
      return null;
    } catch (error) {
      this.#stale = `may be lost in a power cut: ${reasonOf(error)}`;
      return this.#stale;
    }
  }

  /** Makes the new file the current one. */
  #adopt(copy: Replacement): void {
    const file = copy.finish();
    this.#file?.close();
    this.#file = file;
    this.#lines = copy.lines;
    this.#pending = '';
    this.#stale = null;
  }

  async #sync(): Promise<Failure> {
    // A sync during a rewrite waits for the new file, which holds all lines.
    while (this.#rewriting !== null) await this.#rewriting;
    const failure = this.#trouble ?? this.#stale;
    if (this.#file === null || failure !== null) return `${this.#parts.path}: ${failure ?? 'is closed'}`;
    try {
      await this.#file.sync();
      return null;
    } catch (error) {
      // Linux reports a failed page once and then marks it clean (fsync(2)), so a second sync would prove nothing.
      this.#stale = `cannot be written: ${reasonOf(error)}`;
      this.#fail(this.#stale);
      return `${this.#parts.path}: ${this.#stale}`;
    }
  }

  #fail(trouble: string): void {
    if (this.#trouble === null) {
      const { atStake = 'blocks made now' } = this.#parts;
      this.#tell(`${trouble}; ${atStake} would be forgotten at a restart; it is tried again`);
    }
    this.#trouble = trouble;
  }

  #recover(because: Failure): void {
    if (this.#trouble !== null) this.#tell('is written again, and holds everything');
    else if (because !== null) this.#tell(`${because}; it was written anew`);
    this.#trouble = null;
  }

  #tellTooLong(failure: string): void {
    if (!this.#hasToldTooLong) this.#tell(`is longer than need be, and ${failure}`);
    this.#hasToldTooLong = true;
  }

  #tell(text: string): void {
    this.#parts.tell(`${this.#parts.path}: ${text}`);
  }
}
