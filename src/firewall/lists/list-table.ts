import { type Failure, failureOf, throwOn } from '../../commands/failure.ts';
import { runTool } from '../../commands/tool.ts';
import { type Prefix, parsePrefix } from '../../net/prefix.ts';
import { runScript } from '../../nft/script.ts';
import { GONE, NFT, NO_LISTING } from '../../nft/words.ts';
import { SerialQueue } from '../serial-queue.ts';
import { sparedTargets } from '../spared-targets.ts';

import { isSingle, type ListEntry } from './entry.ts';
import { type Dropped, readCounters, readShape } from './listing.ts';
import { LIST_SETS, LIST_TABLE } from './names.ts';
import {
  contentOf,
  REMOVAL,
  replacement,
  restructuring,
  singleChanges,
  sparing,
  wholeTable,
} from './script.ts';

/** What the table needs from its owner. */
export interface ListTableOptions {
  /** Ms since the epoch. */
  readonly now: () => number;
  /** All entries of a list, as the kernel must hold them. */
  readonly entriesOf: (list: string) => Iterable<ListEntry>;
}

/** Single changes in one transaction; more than that replace the whole set. */
const MAX_SINGLE_CHANGES = 4_096;

/** More entries need more time than other scripts of nft: 200,000 take 2 s on a quiet machine. */
const TIMEOUT_MS = 60_000;

/**
 * The named lists in the kernel: a table of nftables whose sets drop the sources in them, each list with a counter. What is
 * never blocked passes. The owner keeps the entries; the table is made from them anew when another program has taken it away.
 */
export class ListTable {
  readonly #options: ListTableOptions;
  readonly #names = new Set<string>();
  readonly #queue = new SerialQueue();
  #spared: readonly Prefix[] = [];
  /** The table's chains, sets and rules as they were after our last change; null when there is no table of ours. */
  #shape: string | null = null;

  constructor(options: ListTableOptions) {
    this.#options = options;
  }

  /** Puts a list in force, or replaces its content, in one step: no packet meets half of it. */
  replace(list: string): Promise<Failure> {
    return failureOf(
      this.#queue.run(async () => {
        if (!this.#names.has(list)) await this.#add(list);
        else await this.#run(replacement(list, this.#contentOf(list)));
      }),
    );
  }

  /** Puts changes of a list in force, which its entries have already. */
  change(list: string, added: readonly ListEntry[], removed: readonly ListEntry[]): Promise<Failure> {
    return failureOf(
      this.#queue.run(async () => {
        if (!this.#names.has(list)) return this.#add(list);
        const changes = [...added, ...removed];
        const singles = changes.filter(({ prefix }) => isSingle(prefix));
        if (singles.length > MAX_SINGLE_CHANGES) return this.#run(replacement(list, this.#contentOf(list)));
        if (singles.length < changes.length) {
          const ranges = LIST_SETS.filter(({ holds }) => holds === 'range');
          await this.#run(replacement(list, this.#contentOf(list), ranges));
        }
        if (singles.length === 0) return;
        const single = ({ prefix }: ListEntry) => isSingle(prefix);
        const { now } = this.#options;
        await this.#run(singleChanges(list, added.filter(single), removed.filter(single), now()));
      }),
    );
  }

  /** Takes a list away. */
  remove(list: string): Promise<Failure> {
    return failureOf(
      this.#queue.run(async () => {
        if (!this.#names.delete(list)) return;
        if (this.#names.size === 0) return this.#removeTable();
        await this.#run(restructuring([...this.#names], list));
        this.#shape = await shapeOfTable();
      }),
    );
  }

  /** Replaces the prefixes that pass whatever is listed. */
  spare(prefixes: readonly string[]): Promise<Failure> {
    const targets = sparedTargets(prefixes);
    if (typeof targets === 'string') return Promise.resolve(targets);
    this.#spared = targets.map(({ text }) => parsePrefix(text) as Prefix);
    return failureOf(
      this.#queue.run(async () => {
        if (this.#shape !== null) await this.#run(sparing(this.#spared));
      }),
    );
  }

  /** What each list has dropped; null when that cannot be read. Never rejects. */
  async dropped(): Promise<ReadonlyMap<string, Dropped> | null> {
    if (this.#names.size === 0) return new Map();
    const { failure, stdout } = await runTool(NFT, [
      '-j',
      'list',
      'counters',
      'table',
      ...LIST_TABLE.split(' '),
    ]);
    return failure === null ? readCounters(stdout) : null;
  }

  /** Makes the table anew when another program has changed it or taken it away; true then. Rejects with a one-line reason. */
  verify(): Promise<boolean> {
    return this.#queue.run(async () => {
      if (this.#names.size === 0) return false;
      const shape = await shapeOfTable();
      if (shape !== null && shape === this.#shape) return false;
      await this.#rebuild();
      return true;
    });
  }

  /** Removes the table, also that of a former run. */
  clear(): Promise<Failure> {
    return failureOf(
      this.#queue.run(() => {
        this.#names.clear();
        return this.#removeTable();
      }),
    );
  }

  /** Resolves when no change is under way. */
  async settled(): Promise<void> {
    await this.#queue.run(async () => {});
  }

  async #add(list: string): Promise<void> {
    this.#names.add(list);
    try {
      if (this.#shape === null) return await this.#rebuild();
      await this.#run(restructuring([...this.#names], null));
      await this.#run(replacement(list, this.#contentOf(list)));
      this.#shape = await shapeOfTable();
    } catch (error) {
      this.#names.delete(list);
      throw error;
    }
  }

  /** The whole table in one transaction. nft 0.9.8 dies of a set in a table that the same script has added before. */
  async #rebuild(): Promise<void> {
    const lists = new Map([...this.#names].map((name) => [name, this.#contentOf(name)]));
    const script = wholeTable(lists, this.#spared);
    const anew = await runScript(`${REMOVAL}${script}`, [], TIMEOUT_MS);
    if (anew.failure !== null) {
      if (!GONE.test(anew.stderr)) throw new Error(anew.failure);
      throwOn((await runScript(script, [], TIMEOUT_MS)).failure);
    }
    this.#shape = await shapeOfTable();
  }

  /** Runs a change. When the table is gone, all of it is made anew. */
  async #run(script: string): Promise<void> {
    const { failure, stderr } = await runScript(script, [], TIMEOUT_MS);
    if (failure === null) return;
    if (!GONE.test(stderr)) throw new Error(failure);
    await this.#rebuild();
  }

  async #removeTable(): Promise<void> {
    this.#shape = null;
    const { failure, stderr } = await runScript(REMOVAL);
    if (failure !== null && !GONE.test(stderr)) throw new Error(failure);
  }

  #contentOf(list: string): ReturnType<typeof contentOf> {
    return contentOf(this.#options.entriesOf(list), this.#options.now());
  }
}

/** The table's shape in the kernel; null when there is no table. Rejects with a one-line reason. */
async function shapeOfTable(): Promise<string | null> {
  const args = ['-j', '-t', 'list', 'table', ...LIST_TABLE.split(' ')];
  const { failure, stdout, stderr } = await runTool(NFT, args);
  if (failure !== null && GONE.test(stderr)) return null;
  throwOn(failure);
  const shape = readShape(stdout);
  if (shape === null) throw new Error(NO_LISTING);
  return shape;
}
