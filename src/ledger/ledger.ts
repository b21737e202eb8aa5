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

/** A start writes the file anew when that leaves out more than half of its lines. */
const LONG_AT_START = 2;

/** A daemon that runs for months writes it anew when it has grown to so many times what it has to hold ... */
const LONG = 4;

/** ... and beyond so many lines, which are some megabytes: below, nothing is gained. */
const LONG_BEYOND = 16_384;

/** Ticks between two looks for what has been remembered long enough. */
const FORGET_INTERVAL = 60;

export interface LedgerOptions {
  /** The wall clock, ms since the epoch. */
  readonly now: number;
  /** Gets one line for the administrator. */
  readonly tell: (text: string) => void;
}

/** Who is blocked and who was, through kill -9, a power cut and a reboot. */
export class Ledger extends BlockMemory {
  readonly #journal: Journal;
  #ticks = 0;

  private constructor(path: string, tell: (text: string) => void) {
    super();
    this.#journal = new Journal({ path, tell, snapshot: () => this.#lines() });
  }

  /** Reads the file in this folder; a missing one is empty. Never rejects: what is wrong is told. */
  static async open(folder: string, { now, tell }: LedgerOptions): Promise<Ledger> {
    const path = join(folder, LEDGER_FILE);
    const ledger = new Ledger(path, tell);
    const { file, loaded, trouble } = await openLog(path, ledger);
    ledger.forget(now);
    const skipped = loaded === null ? null : skippedIn(loaded);
    if (skipped !== null) tell(`${path}: ${skipped}`);
    ledger.#journal.start(file, loaded?.lines ?? 0, trouble);
    const isLong = ledger.#journal.lines > LONG_AT_START * ledger.entries.size;
    if (isLong || skipped !== null) ledger.#journal.rewrite();
    return ledger;
  }

  /** Resolves when everything recorded so far is on the disk, or to why it is not. */
  durable(): Promise<Failure> {
    return this.#journal.durable();
  }

  /** To be called every second: tries again what could not be written, and drops what is to be forgotten. */
  tick(now: number): void {
    if (this.#ticks++ % FORGET_INTERVAL === 0) this.forget(now);
    const { lines } = this.#journal;
    if (lines > LONG_BEYOND && lines > LONG * this.entries.size) this.#journal.rewrite();
    this.#journal.tick();
  }

  /** Writes what waits, and ends. */
  close(): Promise<void> {
    return this.#journal.close();
  }

  protected override record(operation: Operation): void {
    this.#journal.append(lineOf(operation));
  }

  /** All that is known now: what changes while the lines are made is not in them. */
  #lines(): Iterable<string> {
    const { entries, decisions } = this.snapshot();
    return linesOf(entries, decisions);
  }
}

function* linesOf(entries: readonly LedgerEntry[], decisions: readonly LedgerEntry[]): Iterable<string> {
  for (const entry of entries) yield lineOf({ op: 'entry', entry });
  for (const entry of decisions) yield lineOf({ op: 'decide', entry });
}
