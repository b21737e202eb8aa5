import { type Failure, failureOf, throwOn } from '../../commands/failure.ts';
import { runTool } from '../../commands/tool.ts';
import { type Prefix, parsePrefix } from '../../net/prefix.ts';
import { type Counted, readCounters } from '../../nft/counters.ts';
import { runScript } from '../../nft/script.ts';
import { GONE, NFT, NO_LISTING } from '../../nft/words.ts';
import { SerialQueue } from '../serial-queue.ts';
import { sparedTargets } from '../spared-targets.ts';
import type { ListEntry } from './entry.ts';
import { droppedByList, readShape, type Shape } from './listing.ts';
import { LIST_TABLE_NAME, type ListSet, MAX_LENGTHS, SPARED, setFor, setName } from './names.ts';
import { type Changes, changing, declaring, deleting, REMOVAL, ruling } from './script.ts';

/** What the table needs from its owner. */
export interface ListTableOptions {
  /** Ms since the epoch. */
  readonly now: () => number;
  /** All entries of a list, as the kernel must hold them. */
  readonly entriesOf: (list: string) => Iterable<ListEntry>;
}

/** Changes in one transaction. No other command of nft runs meanwhile, and the sensor's table waits for none longer than 5 s. */
const MAX_CHANGES = 4_096;

/**
 * The named lists in the kernel: a table of nftables whose sets drop the sources in them, each list with a counter. What is
 * never blocked passes. The owner keeps the entries; the table is made from them anew when another program has taken it away.
 */
export class ListTable {
  readonly #options: ListTableOptions;
  readonly #queue = new SerialQueue();
  readonly #lists = new Set<string>();
  /** The sets in force, by their names. */
  #sets = new Map<string, ListSet>();
  #spared: readonly Prefix[] = [];
  /** The table as it was after our last change; null when there is none of this run. */
  #shape: string | null = null;
  #generation = 0;

  constructor(options: ListTableOptions) {
    this.#options = options;
  }

  /** Puts changes of a list in force, which its entries have already, in pieces. A list that is not there is added. */
  change(list: string, changes: Changes): Promise<Failure> {
    return failureOf(
      this.#queue.run(async () => {
        const isNew = !this.#lists.has(list);
        this.#lists.add(list);
        try {
          if (this.#shape === null) await this.#rebuild();
          else await this.#change(list, changes);
        } catch (error) {
          if (isNew) this.#lists.delete(list);
          // A part of it may be in force: the next look makes the table anew.
          this.#shape = null;
          throw error;
        }
      }),
    );
  }

  /** Takes a list away. */
  remove(list: string): Promise<Failure> {
    return failureOf(
      this.#queue.run(async () => {
        if (!this.#lists.has(list)) return;
        this.#lists.delete(list);
        try {
          await this.#takeAway(list);
        } catch (error) {
          this.#lists.add(list);
          this.#shape = null;
          throw error;
        }
      }),
    );
  }

  /** Replaces the prefixes that pass whatever is listed. */
  spare(prefixes: readonly string[]): Promise<Failure> {
    const targets = sparedTargets(prefixes);
    if (typeof targets === 'string') return Promise.resolve(targets);
    return failureOf(
      this.#queue.run(async () => {
        const before = new Map(this.#spared.map((prefix) => [keyOf(prefix), { prefix, until: null }]));
        this.#spared = targets.map(({ text }) => parsePrefix(text) as Prefix);
        if (this.#shape === null) return;
        const added = this.#spared.filter((prefix) => !before.delete(keyOf(prefix)));
        try {
          await this.#change(SPARED, {
            added: added.map((prefix) => ({ prefix, until: null })),
            replaced: [],
            removed: [...before.values()],
          });
        } catch (error) {
          // The next look makes the table anew, with what passes now.
          this.#shape = null;
          throw error;
        }
      }),
    );
  }

  /** What each list has dropped; null when that cannot be read. Never rejects. */
  async dropped(): Promise<ReadonlyMap<string, Counted> | null> {
    if (this.#lists.size === 0) return new Map();
    const counters = await readCounters(LIST_TABLE_NAME);
    return counters === null ? null : droppedByList(counters);
  }

  /** Makes the table anew when another program has changed it or taken it away; true then. Rejects with a one-line reason. */
  verify(): Promise<boolean> {
    return this.#queue.run(async () => {
      if (this.#lists.size === 0) return false;
      const shape = await readTable();
      if (shape !== null && shape.text === this.#shape) return false;
      await this.#rebuild();
      return true;
    });
  }

  /** Removes the table, also that of a former run. */
  clear(): Promise<Failure> {
    return failureOf(
      this.#queue.run(() => {
        this.#lists.clear();
        return this.#removeTable();
      }),
    );
  }

  async #takeAway(list: string): Promise<void> {
    if (this.#lists.size === 0) return this.#removeTable();
    // What the kernel holds is not known.
    if (this.#shape === null) return this.#rebuild();
    const gone = [...this.#sets.values()].filter((set) => set.list === list);
    const rest = [...this.#sets.values()].filter((set) => set.list !== list);
    if (!(await this.#ran(ruling(rest, { sets: gone, lists: [list] })))) return this.#rebuild();
    this.#setSets(rest);
    this.#shape = (await readTable())?.text ?? null;
  }

  async #change(list: string, changes: Changes): Promise<void> {
    const all = [...changes.added, ...changes.replaced, ...changes.removed];
    const missing = this.#missing(list, all);
    if (missing.length > 0) {
      // Sets that have become empty stay until then.
      if (this.#hasTooManySets(list, missing)) return this.#rebuild();
      const sets = [...this.#sets.values(), ...missing];
      const lists = list === SPARED ? [] : [list];
      const script = `${declaring(lists, missing)}${ruling(sets, { sets: [], lists: [] })}`;
      if (!(await this.#ran(script))) return this.#rebuild();
      this.#setSets(sets);
      this.#shape = (await readTable())?.text ?? null;
    }
    for (const piece of pieces(changes)) {
      const script = changing(list, this.#generation, piece, this.#options.now());
      if (!(await this.#ran(script))) return this.#rebuild();
    }
  }

  /**
   * Makes everything anew beside what is there, piece by piece, and then puts it in its place in one step. So what is in force
   * stays in force until then, also what a former run has left.
   */
  async #rebuild(): Promise<void> {
    const old = (await readTable())?.sets ?? [];
    const generation = Math.max(this.#generation, ...old.map((set) => set.generation)) + 1;
    const spared = this.#spared.map((prefix): ListEntry => ({ prefix, until: null }));
    const contents = [
      [SPARED, spared] as const,
      ...[...this.#lists].map((list) => [list, [...this.#options.entriesOf(list)]] as const),
    ];
    const sets = contents.flatMap(([list, entries]) => setsFor(list, entries, generation));
    try {
      throwOn((await runScript(declaring([...this.#lists], sets))).failure);
      for (const [list, entries] of contents) {
        for (const piece of pieces({ added: entries, replaced: [], removed: [] }))
          throwOn((await runScript(changing(list, generation, piece, this.#options.now()))).failure);
      }
      const lists = new Set(
        old.map(({ list }) => list).filter((list) => list !== SPARED && !this.#lists.has(list)),
      );
      throwOn((await runScript(ruling(sets, { sets: old, lists: [...lists] }))).failure);
    } catch (error) {
      // No rule names them. What is left of them is deleted with the next table.
      await runScript(deleting(sets));
      throw error;
    }
    this.#generation = generation;
    this.#setSets(sets);
    this.#shape = (await readTable())?.text ?? null;
  }

  /** The sets that these entries need and the table does not have. */
  #missing(list: string, entries: readonly Pick<ListEntry, 'prefix'>[]): ListSet[] {
    return setsFor(list, entries, this.#generation).filter((set) => !this.#sets.has(setName(set)));
  }

  /** Whether the list would have more sets of one family than it may have prefix lengths. */
  #hasTooManySets(list: string, missing: readonly ListSet[]): boolean {
    const sets = [...[...this.#sets.values()].filter((set) => set.list === list), ...missing];
    return ([4, 6] as const).some(
      (family) => sets.filter((set) => set.family === family).length > MAX_LENGTHS && list !== SPARED,
    );
  }

  /** Whether a change took effect; false when the table is gone. Throws for any other failure. */
  async #ran(script: string): Promise<boolean> {
    const { failure, stderr } = await runScript(script);
    if (failure === null) return true;
    if (!GONE.test(stderr)) throw new Error(failure);
    return false;
  }

  async #removeTable(): Promise<void> {
    this.#shape = null;
    this.#sets.clear();
    const { failure, stderr } = await runScript(REMOVAL);
    if (failure !== null && !GONE.test(stderr)) throw new Error(failure);
  }

  #setSets(sets: readonly ListSet[]): void {
    this.#sets = new Map(sets.map((set) => [setName(set), set]));
  }
}

/** The same changes in pieces of a bounded size; what is removed goes last. */
function* pieces({ added, replaced, removed }: Changes): Generator<Changes> {
  for (const [name, entries] of Object.entries({ added, replaced, removed })) {
    for (let first = 0; first < entries.length; first += MAX_CHANGES)
      yield { ...NO_CHANGES, [name]: entries.slice(first, first + MAX_CHANGES) };
  }
}

const NO_CHANGES: Changes = { added: [], replaced: [], removed: [] };

/** The sets that hold these entries, each once. */
function setsFor(list: string, entries: readonly Pick<ListEntry, 'prefix'>[], generation: number): ListSet[] {
  const sets = new Map<string, ListSet>();
  for (const { prefix } of entries) {
    const set = setFor(list, prefix, generation);
    sets.set(setName(set), set);
  }
  return [...sets.values()];
}

function keyOf({ address, length }: Prefix): string {
  return `${address}/${length}`;
}

/** The table's shape in the kernel; null when there is no table. Rejects with a one-line reason. */
async function readTable(): Promise<Shape | null> {
  const [sets, chains] = await Promise.all(
    ['sets', 'chains'].map((what) => runTool(NFT, ['-j', '-t', 'list', what, 'inet'])),
  );
  throwOn(sets?.failure ?? chains?.failure ?? null);
  const shape = readShape(sets?.stdout ?? '', chains?.stdout ?? '');
  if (shape === 'unreadable') throw new Error(NO_LISTING);
  return shape;
}
