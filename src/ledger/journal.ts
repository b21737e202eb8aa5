import type { Failure } from '../commands/failure.ts';
import { makeFolderOf, syncFolderOf } from './folder.ts';
import { GroupSync } from './group-sync.ts';
import { type LogFile, reasonOf } from './log-file.ts';
import { Pace } from './pace.ts';
import { Replacement } from './replacement.ts';

/**
 * Characters of lines that wait for a full disk. Beyond it they are let go, for memory must not follow a disk that
 * stays full, and the file is written anew from what is known.
 */
export const MAX_WAITING = 1_048_576;

export interface JournalParts {
  readonly path: string;
  /** The lines that say all that is known at the time of the call. */
  readonly snapshot: () => Iterable<string>;
  /** Gets one line for the administrator. */
  readonly tell: (text: string) => void;
}

/**
 * The file of a ledger. Lines are added, those of a turn by one write; it is written anew on demand, and when it
 * does not hold any more what it should. What fails is told once and tried again; nothing throws.
 */
export class Journal {
  readonly #parts: JournalParts;
  readonly #pace = new Pace();
  readonly #groupSync = new GroupSync(() => this.#sync());
  #file: LogFile | null = null;
  #lines = 0;
  /** Lines that are not in the file yet. */
  #pending = '';
  #planned: NodeJS.Immediate | null = null;
  /** Why the file has to be written anew before anything is added to it; null when it need not. */
  #stale: Failure = 'is not open';
  /** What is told to be wrong; null when the file holds all that it should. */
  #trouble: Failure = null;
  #isTooLongTold = false;
  #rewriting: Promise<void> | null = null;
  /** What the file is being written anew to. */
  #copy: Replacement | null = null;
  #closing = false;

  constructor(parts: JournalParts) {
    this.#parts = parts;
  }

  /** Goes on with an open file of so many lines, or without one for this reason. */
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

  /** Adds a line, given with its end: to the file at the end of the turn. */
  append(line: string): void {
    this.#pending += line;
    this.#lines++;
    this.#copy?.follow(line);
    if (this.#pending.length > MAX_WAITING) this.#flush();
    // What failed waits for the tick: there is no room yet, and every probe would ask for it.
    else if (this.#trouble === null) this.#planned ??= setImmediate(() => this.#flush());
  }

  /** To be called every second: tries again what failed, and looks whether the file is still there. */
  tick(): void {
    this.#pace.tick();
    this.#look();
    this.#flush();
    if (this.#stale !== null) this.rewrite();
  }

  /** Writes the file anew, in the background, unless that was tried just now. */
  rewrite(): void {
    if (this.#rewriting === null && !this.#closing && this.#pace.attempt()) void this.#beginRewriting();
  }

  /** Resolves when all lines so far are on the disk, or to why they are not. */
  durable(): Promise<Failure> {
    this.#look();
    this.#flush();
    if (this.#stale !== null) this.rewrite();
    return this.#groupSync.run();
  }

  /** Writes what waits, however short ago that failed, and ends. Nothing may be called after it. */
  async close(): Promise<void> {
    this.#closing = true;
    // Nobody waits at the end for a file to be made shorter.
    if (this.#stale === null) this.#copy?.giveUp();
    await this.#rewriting;
    this.#look();
    this.#flush();
    if (this.#stale !== null) await this.#beginRewriting();
    await this.#groupSync.run();
    this.#flush();
    this.#file?.close();
    this.#file = null;
  }

  /** Notices what others did to the file. */
  #look(): void {
    if (this.#file === null || this.#rewriting !== null || this.#stale !== null) return;
    try {
      this.#stale = this.#file.faultAt(this.#parts.path);
    } catch (error) {
      this.#stale = `cannot be looked at: ${reasonOf(error)}`;
    }
  }

  /** Adds what waits; what of it fails goes on waiting. */
  #flush(): void {
    if (this.#planned !== null) clearImmediate(this.#planned);
    this.#planned = null;
    const lines = this.#pending;
    this.#pending = '';
    // A file that is to be written anew gets them by that.
    if (lines === '' || this.#file === null || this.#stale !== null) return;
    const { rest, failure } = this.#file.append(Buffer.from(lines));
    if (failure === null) {
      this.#recover(null);
      return;
    }
    const trouble = `cannot be written: ${failure}`;
    this.#fail(trouble);
    if (rest.length > MAX_WAITING) this.#stale = trouble;
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
    const failure = await this.#writeAnew();
    if (failure === null) this.#recover(because);
    else if (this.#stale !== null) this.#fail(failure);
    else if (!this.#closing) this.#tellTooLong(failure);
  }

  async #writeAnew(): Promise<Failure> {
    const { path, snapshot } = this.#parts;
    try {
      await makeFolderOf(path);
      this.#copy = Replacement.begin(path, snapshot);
      await this.#copy.write();
      this.#takeOver(this.#copy);
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

  /** From here on the new file is the file. */
  #takeOver(copy: Replacement): void {
    const file = copy.finish();
    this.#file?.close();
    this.#file = file;
    this.#lines = copy.lines;
    this.#pending = '';
    this.#stale = null;
  }

  async #sync(): Promise<Failure> {
    // What was on the disk before that began is in the new file from its start; the rest waits for the new file.
    while (this.#rewriting !== null) await this.#rewriting;
    const failure = this.#trouble ?? this.#stale;
    if (this.#file === null || failure !== null) return `${this.#parts.path}: ${failure ?? 'is closed'}`;
    try {
      await this.#file.sync();
      return null;
    } catch (error) {
      // Linux reports a page that could not be written once, and then takes it for written (fsync(2)).
      this.#stale = `cannot be written: ${reasonOf(error)}`;
      this.#fail(this.#stale);
      return `${this.#parts.path}: ${this.#stale}`;
    }
  }

  #fail(trouble: string): void {
    if (this.#trouble === null) {
      this.#tell(`${trouble}; blocks made now would be forgotten at a restart; it is tried again`);
    }
    this.#trouble = trouble;
  }

  #recover(because: Failure): void {
    if (this.#trouble !== null) this.#tell('is written again, and holds everything');
    else if (because !== null) this.#tell(`${because}; it was written anew`);
    this.#trouble = null;
  }

  #tellTooLong(failure: string): void {
    if (!this.#isTooLongTold) this.#tell(`is longer than need be, and ${failure}`);
    this.#isTooLongTold = true;
  }

  #tell(text: string): void {
    this.#parts.tell(`${this.#parts.path}: ${text}`);
  }
}
