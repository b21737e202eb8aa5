import { join } from 'node:path';
import type { Failure } from '../commands/failure.ts';
import type { LedgerEntry, Operation } from './entry.ts';
import { Journal } from './journal.ts';
import { lineOf } from './line.ts';
import { skippedIn } from './load.ts';
import { BlockMemory } from './memory.ts';
import { openLog } from './open-log.ts';
import { type Convert, convertOperation } from './wall-time.ts';

/** The ledger's file in STATE_DIR. */
export const LEDGER_FILE = 'ledger';

/** A start rewrites the file when that drops more than half of its lines. */
const MAX_LINES_PER_ENTRY_AT_START = 2;

/** A daemon that runs for months rewrites the file when it has more lines than this for each entry ... */
const MAX_LINES_PER_ENTRY = 4;

/** ... and more lines than this, which are a few megabytes. Below that a rewrite gains nothing. */
const MIN_LINES_TO_REWRITE = 16_384;

/** The ticks between two searches for entries to forget. */
const FORGET_INTERVAL_TICKS = 60;

/** What the ledger needs from the daemon. */
export interface LedgerOptions {
  /** The wall clock, which is the daemon's own at its start; ms since the epoch. */
  readonly now: number;
  /** Turns times of the daemon's clock into those of the wall clock, which stand in the file. */
  readonly toWall?: Convert;
  /** Logs one line for the administrator. */
  readonly tell: (text: string) => void;
}

/** All blocks, present and past. It survives kill -9, a power cut and a reboot. */
export class Ledger extends BlockMemory {
  readonly #journal: Journal;
  readonly #toWall: Convert;
  #ticks = 0;

  private constructor(path: string, { tell, toWall = (time) => time }: LedgerOptions) {
    super();
    this.#toWall = toWall;
    this.#journal = new Journal({ path, tell, snapshot: () => this.#lines() });
  }

  /** Reads the file in this folder; a missing one counts as empty. Logs what is wrong, and never rejects. */
  static async open(folder: string, options: LedgerOptions): Promise<Ledger> {
    const { now, tell } = options;
    const path = join(folder, LEDGER_FILE);
    const ledger = new Ledger(path, options);
    const { file, loaded, trouble } = await openLog(path, ledger, now);
    ledger.forget(now);
    const skipped = loaded === null ? null : skippedIn(loaded);
    if (skipped !== null) tell(`${path}: ${skipped}`);
    const isAhead = loaded !== null && loaded.future > 0;
    if (isAhead)
      tell(`${path} is of a later time than it is now: blocks in it last as long as if they began now.`);
    ledger.#journal.start(file, loaded?.lines ?? 0, trouble);
    const isLong = ledger.#journal.lines > MAX_LINES_PER_ENTRY_AT_START * ledger.entries.size;
    if (isLong || isAhead || skipped !== null) ledger.#journal.rewrite();
    return ledger;
  }

  /** Resolves to null when everything recorded so far is on the disk, else to why it is not. */
  durable(): Promise<Failure> {
    return this.#journal.durable();
  }

  /** Call it every second: it tries again what could not be written, and forgets old entries. */
  tick(now: number): void {
    if (this.#ticks++ % FORGET_INTERVAL_TICKS === 0) this.forget(now);
    const { lines } = this.#journal;
    if (lines > MIN_LINES_TO_REWRITE && lines > MAX_LINES_PER_ENTRY * this.entries.size)
      this.#journal.rewrite();
    this.#journal.tick();
  }

  /** The wall clock was moved: the times in the file are no longer those of now. */
  clockMoved(): void {
    this.#journal.outdate();
  }

  /** Writes the pending lines and closes the file. */
  close(): Promise<void> {
    return this.#journal.close();
  }

  protected override record(operation: Operation): void {
    this.#journal.append(this.#lineOf(operation));
  }

  /** All that is known at the time of the call; later changes are not in the lines. */
  #lines(): Iterable<string> {
    const { entries, decisions } = this.snapshot();
    return this.#linesOf(entries, decisions);
  }

  *#linesOf(entries: readonly LedgerEntry[], decisions: readonly LedgerEntry[]): Iterable<string> {
    for (const entry of entries) yield this.#lineOf({ op: 'entry', entry });
    for (const entry of decisions) yield this.#lineOf({ op: 'decide', entry });
  }

  #lineOf(operation: Operation): string {
    return lineOf(convertOperation(operation, this.#toWall));
  }
}
