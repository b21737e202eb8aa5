import { join } from 'node:path';
import type { Failure } from '../commands/failure.ts';
import type { LedgerEntry, Operation } from './entry.ts';
import { Journal } from './journal.ts';
import { lineOf } from './line.ts';
import { skippedIn } from './load.ts';
import { BlockMemory } from './memory.ts';
import { openLog } from './open-log.ts';

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
  /** The wall clock, ms since the epoch. */
  readonly now: number;
  /** Logs one line for the administrator. */
  readonly tell: (text: string) => void;
}

/** All blocks, present and past. It survives kill -9, a power cut and a reboot. */
export class Ledger extends BlockMemory {
  readonly #journal: Journal;
  #ticks = 0;

  private constructor(path: string, tell: (text: string) => void) {
    super();
    this.#journal = new Journal({ path, tell, snapshot: () => this.#lines() });
  }

  /** Reads the file in this folder; a missing one counts as empty. Logs what is wrong, and never rejects. */
  static async open(folder: string, { now, tell }: LedgerOptions): Promise<Ledger> {
    const path = join(folder, LEDGER_FILE);
    const ledger = new Ledger(path, tell);
    const { file, loaded, trouble } = await openLog(path, ledger);
    ledger.forget(now);
    const skipped = loaded === null ? null : skippedIn(loaded);
    if (skipped !== null) tell(`${path}: ${skipped}`);
    ledger.#journal.start(file, loaded?.lines ?? 0, trouble);
    const isLong = ledger.#journal.lines > MAX_LINES_PER_ENTRY_AT_START * ledger.entries.size;
    if (isLong || skipped !== null) ledger.#journal.rewrite();
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

  /** Writes the pending lines and closes the file. */
  close(): Promise<void> {
    return this.#journal.close();
  }

  protected override record(operation: Operation): void {
    this.#journal.append(lineOf(operation));
  }

  /** All that is known at the time of the call; later changes are not in the lines. */
  #lines(): Iterable<string> {
    const { entries, decisions } = this.snapshot();
    return linesOf(entries, decisions);
  }
}

function* linesOf(entries: readonly LedgerEntry[], decisions: readonly LedgerEntry[]): Iterable<string> {
  for (const entry of entries) yield lineOf({ op: 'entry', entry });
  for (const entry of decisions) yield lineOf({ op: 'decide', entry });
}
