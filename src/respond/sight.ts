import type { LedgerEntry, LedgerMethod } from '../ledger/entry.ts';
import { canBeKnown, type Seen } from './block-state.ts';
import { linesOf } from './hosts-deny.ts';

/** A script that asks again and again must not start a program each time. */
const LOOK_AGE_MS = 200;

/** What a look at the blocks needs. */
export interface SightParts {
  /** As in `Seen`. */
  readonly boot: string;
  /** The targets that a method lists as blocked. Rejects with a one-line reason when it cannot be asked. */
  readonly listed: (method: LedgerMethod) => Promise<ReadonlySet<string>>;
  readonly hostsDenyPath: string;
  readonly standing: () => Iterable<LedgerEntry>;
  /** The daemon's clock, which never steps; in ms since the epoch. */
  readonly now: () => number;
}

/**
 * What was seen of the blocks that stand: which are gone, because another program took their rules away. A block that
 * was put in force and was not found gone since then is in force.
 */
export class Sight implements Seen {
  readonly #parts: SightParts;
  /** Bounded by the blocks that stand. */
  readonly #gone = new Set<string>();
  /** When the command of a standing block ended, in ms since the epoch, by target. */
  readonly #since = new Map<string, number>();
  readonly #troubles = new Map<LedgerMethod, string>();
  #looking: Promise<void> | null = null;
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: SightParts) {
    this.#parts = parts;
  }

  get boot(): string {
    return this.#parts.boot;
  }

  /** Whether any block is known to be gone. */
  get hasGone(): boolean {
    return this.#gone.size > 0;
  }

  isGone(target: string): boolean {
    return this.#gone.has(target);
  }

  troubleOf(method: LedgerMethod): string | null {
    return this.#troubles.get(method) ?? null;
  }

  /** The method cannot be asked what is in force, for this reason. */
  noteTrouble(method: LedgerMethod, reason: string): void {
    this.#troubles.set(method, reason);
  }

  /** The block of this target is in force since `now`. */
  confirm({ block, method }: LedgerEntry, now: number): void {
    this.#gone.delete(block.target);
    if (method === 'command') this.#since.set(block.target, now);
    else this.#since.delete(block.target);
  }

  /** The block of this target has ended. */
  forget(target: string): void {
    this.#gone.delete(target);
    this.#since.delete(target);
  }

  /** When the command that blocks this target ended; undefined where no command blocks it. */
  since(target: string): number | undefined {
    return this.#since.get(target);
  }

  /** The targets of standing blocks by KILL_ROUTE. */
  get commands(): Iterable<string> {
    return this.#since.keys();
  }

  /** Whether any command blocks anybody. */
  get hasCommands(): boolean {
    return this.#since.size > 0;
  }

  /** It was proven that the block of this target is gone. */
  lose(target: string): void {
    this.#gone.add(target);
  }

  /**
   * Asks every method of a standing block what is in force. Never rejects. Calls during a look share its result, and so
   * do those within LOOK_AGE_MS after it.
   */
  look(): Promise<void> {
    if (Math.abs(this.#parts.now() - this.#lookedMs) < LOOK_AGE_MS) return Promise.resolve();
    this.#looking ??= this.#lookAtAll().finally(() => {
      this.#looking = null;
      this.#lookedMs = this.#parts.now();
    });
    return this.#looking;
  }

  /** The same, with a look that begins after the call. */
  async lookAnew(): Promise<void> {
    await this.#looking;
    this.#lookedMs = Number.NEGATIVE_INFINITY;
    await this.look();
  }

  async #lookAtAll(): Promise<void> {
    const byMethod = new Map<LedgerMethod, LedgerEntry[]>();
    for (const entry of this.#parts.standing()) {
      const entries = byMethod.get(entry.method);
      if (entries === undefined) byMethod.set(entry.method, [entry]);
      else entries.push(entry);
    }
    await Promise.all([...byMethod].map(([method, entries]) => this.#lookAt(method, entries)));
  }

  async #lookAt(method: LedgerMethod, entries: readonly LedgerEntry[]): Promise<void> {
    this.#troubles.delete(method);
    try {
      if (method === 'hosts.deny') await this.#lookAtLines(entries);
      else if (canBeKnown(method)) {
        const listed = await this.#parts.listed(method);
        this.#note(entries, ({ block }) => listed.has(block.target));
      }
    } catch (error) {
      this.noteTrouble(method, (error as Error).message);
    }
  }

  async #lookAtLines(entries: readonly LedgerEntry[]): Promise<void> {
    const lines = await linesOf(this.#parts.hostsDenyPath);
    this.#note(entries, ({ wrappersLine }) => wrappersLine === null || lines.has(wrappersLine));
  }

  #note(entries: readonly LedgerEntry[], isThere: (entry: LedgerEntry) => boolean): void {
    const current = new Set(this.#parts.standing());
    const now = this.#parts.now();
    for (const entry of entries) {
      const { target, until } = entry.block;
      // The kernel ends a block on time; it was taken back or blocked anew while the method was asked.
      if ((until !== null && until <= now) || !current.has(entry)) continue;
      if (isThere(entry)) this.#gone.delete(target);
      else this.#gone.add(target);
    }
  }
}
