import type { Block } from '../firewall/block.ts';
import type { BlockEnd, LedgerEntry, LedgerMethod, Operation } from './entry.ts';
import { cleanNote, cleanWrappersLine } from './fields.ts';

/** 30 days: a block within this time after the end of another is a repeated block of its target. */
export const REMEMBERED_TIME_MS = 30 * 86_400_000;

/** Ended blocks that are remembered. A flood of forged sources pushes out those that ended longest ago. */
export const MAX_REMEMBERED = 65_536;

/** All blocks, present and past: the ledger without its file. */
export class BlockMemory {
  readonly #entries = new Map<string, LedgerEntry>();
  /** Targets with an ended block, those that ended longest ago first. */
  readonly #remembered = new Set<string>();
  /**
   * Targets whose newest block has not been in force yet, with their entry before it. If the block fails, that entry
   * returns.
   */
  readonly #tentative = new Map<string, LedgerEntry | null>();
  #due = 0;

  /** The newest entry of each target. A loop over them may change them. */
  get entries(): ReadonlyMap<string, LedgerEntry> {
    return this.#entries;
  }

  /** Blocks that have not ended. */
  get due(): number {
    return this.#due;
  }

  /**
   * Records that a block was decided, which is not known to be in force. The line in hosts.deny of a block that it replaces becomes its
   * own. A block by hand is no offence, so it makes no later block longer.
   */
  decide(block: Block, method: LedgerMethod, boot: string, wrappersLine: string | null = null): LedgerEntry {
    const replaced = this.#entries.get(block.target);
    const standing = replaced?.ended === null ? replaced : undefined;
    const times = this.#beforeNextOf(block.target)?.times ?? 0;
    const entry: LedgerEntry = {
      block: { ...block, cause: { ...block.cause, note: cleanNote(block.cause.note) } },
      method,
      hasRemnant: standing?.boot === boot && leavesRemnant(standing, method),
      wrappersLine: cleanWrappersLine(wrappersLine ?? standing?.wrappersLine ?? null),
      boot,
      times: block.cause.kind === 'manual' ? times : times + 1,
      inForce: false,
      ended: null,
    };
    this.#do({ op: 'decide', entry });
    return entry;
  }

  /** Records that the target's block is in force. Without `wrappersLine` the decision's line stays. */
  confirm(target: string, boot: string, wrappersLine?: string | null): void {
    if (wrappersLine === undefined) this.#do({ op: 'confirm', target, boot });
    else this.#do({ op: 'confirm', target, boot, wrappersLine: cleanWrappersLine(wrappersLine) });
  }

  /** Records that another method holds the block of this target now, and it is in force. */
  rebind(target: string, method: LedgerMethod, boot: string, hasRemnant: boolean): void {
    const entry = this.#entries.get(target);
    if (entry === undefined || entry.ended !== null) return;
    this.#do({ op: 'entry', entry: { ...entry, method, boot, hasRemnant, inForce: true } });
  }

  /** Records that these blocks are out of force, but still due. */
  lift(targets: readonly string[] | 'all'): void {
    if (targets === 'all') this.#do({ op: 'lift-all' });
    else for (const target of targets) this.#do({ op: 'lift', target });
  }

  /**
   * Records that the block ended; `at` in ms since the epoch. One that `failed` and was never in force does not count,
   * and its target's entry before it returns.
   */
  end(target: string, how: BlockEnd, at: number): void {
    this.#do({ op: 'end', target, at, how });
  }

  /** Applies the operation; returns false when it changed nothing. */
  apply(operation: Operation): boolean {
    switch (operation.op) {
      case 'decide':
        return this.#decide(operation.entry);
      case 'confirm':
        return this.#confirm(operation);
      case 'lift':
        return this.#lift(operation.target);
      case 'lift-all':
        return [...this.#entries.keys()].filter((target) => this.#lift(target)).length > 0;
      case 'end':
        return this.#end(operation.target, { at: operation.at, how: operation.how });
      case 'entry':
        return this.#settle(operation.entry);
    }
  }

  /** Drops what ended REMEMBERED_TIME_MS ago. */
  forget(now: number): void {
    for (const target of this.#remembered) {
      const ended = this.#endedOf(target)?.ended;
      if (ended && now - ended.at >= REMEMBERED_TIME_MS) this.#forget(target);
    }
  }

  /** What rebuilds this memory: an `entry` for each of `entries`, in order, then a `decide` for each of `decisions`. */
  snapshot(): { readonly entries: readonly LedgerEntry[]; readonly decisions: readonly LedgerEntry[] } {
    const entries = [...this.#remembered].map((target) => this.#endedOf(target) as LedgerEntry);
    const decisions: LedgerEntry[] = [];
    for (const [target, entry] of this.#entries) {
      if (entry.ended !== null) continue;
      const before = this.#tentative.get(target);
      if (before === undefined) entries.push(entry);
      else decisions.push(entry);
      if (before?.ended === null) entries.push(before);
    }
    return { entries, decisions };
  }

  /** Called with each operation that changed something. */
  protected record(_operation: Operation): void {}

  #do(operation: Operation): void {
    if (this.apply(operation)) this.record(operation);
  }

  #decide(entry: LedgerEntry): boolean {
    const { target } = entry.block;
    this.#tentative.set(target, this.#beforeNextOf(target));
    this.#put(entry);
    return true;
  }

  /** The target's entry, without a block that has not been in force yet. */
  #beforeNextOf(target: string): LedgerEntry | null {
    const before = this.#tentative.get(target);
    return before === undefined ? (this.#entries.get(target) ?? null) : before;
  }

  #confirm({ target, boot, wrappersLine }: Operation & { op: 'confirm' }): boolean {
    const entry = this.#entries.get(target);
    if (entry === undefined || entry.ended !== null) return false;
    const line = wrappersLine === undefined ? entry.wrappersLine : wrappersLine;
    if (entry.inForce && entry.boot === boot && entry.wrappersLine === line) return false;
    this.#tentative.delete(target);
    this.#remembered.delete(target);
    const { block, method, times } = entry;
    // A reboot takes the remnant away.
    const hasRemnant = entry.hasRemnant && entry.boot === boot;
    // Field by field, because a start does this for each line of a long file, and a spread takes five times as long.
    const inForce = true;
    this.#put({ block, method, hasRemnant, wrappersLine: line, boot, times, inForce, ended: null });
    return true;
  }

  #lift(target: string): boolean {
    const entry = this.#entries.get(target);
    if (entry === undefined || !entry.inForce) return false;
    this.#put({ ...entry, inForce: false });
    return true;
  }

  #end(target: string, ended: { at: number; how: BlockEnd }): boolean {
    const entry = this.#entries.get(target);
    if (entry === undefined || entry.ended !== null) return false;
    const before = this.#tentative.get(target);
    this.#tentative.delete(target);
    if (ended.how === 'failed' && before !== undefined) {
      if (before === null) this.#drop(target);
      else this.#put(before);
    } else {
      this.#put({ ...entry, inForce: false, ended });
      this.#remember(target);
    }
    return true;
  }

  #settle(entry: LedgerEntry): boolean {
    const { target } = entry.block;
    this.#tentative.delete(target);
    this.#remembered.delete(target);
    this.#put(entry);
    if (entry.ended !== null) this.#remember(target);
    return true;
  }

  #remember(target: string): void {
    this.#remembered.delete(target);
    this.#remembered.add(target);
    if (this.#remembered.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#remembered;
    this.#forget(oldest as string);
  }

  #forget(target: string): void {
    this.#remembered.delete(target);
    if (this.#tentative.has(target)) this.#tentative.set(target, null);
    else this.#drop(target);
  }

  #endedOf(target: string): LedgerEntry | null {
    return this.#tentative.get(target) ?? this.#entries.get(target) ?? null;
  }

  #put(entry: LedgerEntry): void {
    const { target } = entry.block;
    if (this.#entries.get(target)?.ended === null) this.#due--;
    if (entry.ended === null) this.#due++;
    // A target keeps its place, so that a loop over the entries may change them.
    this.#entries.set(target, entry);
  }

  #drop(target: string): void {
    if (this.#entries.get(target)?.ended === null) this.#due--;
    this.#entries.delete(target);
  }
}

/** Whether KILL_ROUTE has done something that stays when another method takes the block over. */
function leavesRemnant({ method, hasRemnant, inForce }: LedgerEntry, next: LedgerMethod): boolean {
  return hasRemnant || (method === 'command' && next !== 'command' && inForce);
}
