import { type Failure, failureOf, throwOn } from '../../commands/failure.ts';
import { runTool } from '../../commands/tool.ts';
import { runScript } from '../../nft/script.ts';
import { GONE, NFT, NO_LISTING } from '../../nft/words.ts';
import type { BackendOptions, ListedBlock, Opened } from '../backend.ts';
import type { Change } from '../batch.ts';
import { SerialQueue } from '../serial-queue.ts';
import type { BlockSets } from '../set-backend.ts';
import { sparedTargets } from '../spared-targets.ts';
import type { Target } from '../target.ts';
import { setOf } from './changes.ts';
import { NO_TABLE, repairScript, type TableState } from './layout.ts';
import { readBlocks, readTable } from './listing.ts';
import type { Remembered } from './remembered.ts';
import { BASE_SETS, keyOf, nameOf, type SetKey, TABLE } from './sets.ts';

/** Our table: its chains and sets. The carrier adds and deletes the blocks. */
export class Table implements BlockSets {
  readonly #remembered: Remembered;
  readonly #now: () => number;
  readonly #keys = new Map<string, SetKey>();
  /** By the name of their set. */
  #spared = new Map<string, Target[]>();
  /** As it was after the last repair. */
  #repaired: TableState | null = null;
  #reportGroup: number | null;
  readonly #queue = new SerialQueue();

  /** `ipv6Prefix`: the prefix length of IPv6 blocks. */
  constructor(
    remembered: Remembered,
    ipv6Prefix: number,
    { now, reportGroup = null, spared = [] }: BackendOptions,
  ) {
    this.#remembered = remembered;
    this.#now = now;
    this.#reportGroup = reportGroup;
    // What cannot be spared is said by `spare`.
    const targets = sparedTargets(spared);
    if (typeof targets !== 'string') this.#setSpared(bySet(targets));
    for (const key of [...BASE_SETS, { list: 'block', family: 6, length: ipv6Prefix } as const]) {
      this.#keys.set(nameOf(key), key);
    }
  }

  /** Repairs the table; `made` when elements are gone. Rejects with a one-line reason. */
  open(): Promise<Opened> {
    return this.#queue.run(() => this.#repair());
  }

  /** Whether this target has a set, as far as we know. */
  has(target: Target): boolean {
    return this.#keys.has(nameOf(setOf(target)));
  }

  ensure(changes: readonly Change[]): Promise<Opened> | null {
    const unknown = changes
      .filter(({ verb, target }) => verb === 'block' && !this.has(target))
      .map(({ target }) => setOf(target));
    if (unknown.length === 0) return null;
    return this.#queue.run(async () => {
      for (const key of unknown) this.#keys.set(nameOf(key), key);
      try {
        return await this.#repair();
      } catch (error) {
        for (const key of unknown) this.#keys.delete(nameOf(key));
        throw error;
      }
    });
  }

  async list(): Promise<readonly ListedBlock[]> {
    const { failure, stdout, stderr } = await runTool(NFT, ['-j', 'list', 'table', ...TABLE.split(' ')]);
    if (failure !== null && GONE.test(stderr)) return [];
    throwOn(failure);
    const blocks = readBlocks(stdout, this.#now());
    if (blocks === null) throw new Error(NO_LISTING);
    this.#remembered.complete(blocks.map(({ target }) => target));
    return blocks;
  }

  async spare(prefixes: readonly string[]): Promise<Failure> {
    const targets = sparedTargets(prefixes);
    if (typeof targets === 'string') return targets;
    const spared = bySet(targets);
    return failureOf(
      this.#queue.run(async () => {
        if (this.#repaired !== null && isEqual(spared, this.#spared)) return;
        this.#setSpared(spared);
        this.#repaired = null;
        await this.#repair();
      }),
    );
  }

  /** Reports packets of blocked sources to this NFLOG group, at a bounded rate; null: no more. */
  report(group: number | null): Promise<Failure> {
    return failureOf(
      this.#queue.run(async () => {
        if (group === this.#reportGroup) return;
        this.#reportGroup = group;
        this.#repaired = null;
        await this.#repair();
      }),
    );
  }

  async remove(): Promise<Failure> {
    const { failure, stderr } = await runTool(NFT, ['delete', 'table', ...TABLE.split(' ')]);
    return failure !== null && GONE.test(stderr) ? null : failure;
  }

  #setSpared(spared: Map<string, Target[]>): void {
    this.#spared = spared;
    for (const name of spared.keys()) this.#keys.set(name, keyOf(name) as SetKey);
  }

  async #repair(): Promise<Opened> {
    const before = await readState();
    if (before.text === this.#repaired?.text && this.#hasAllKeys(before)) return 'found';
    for (const name of before.sets.keys()) this.#keys.set(name, keyOf(name) as SetKey);
    const expected = [...(this.#repaired?.sets.keys() ?? BASE_SETS.map(nameOf))];
    const after = await this.#write(before);
    this.#repaired = after;
    const isFound = after.table === before.table && expected.every((name) => before.sets.get(name) === true);
    this.#remembered.forget();
    if (!isFound) this.#remembered.complete([]);
    return isFound ? 'found' : 'made';
  }

  async #write(before: TableState): Promise<TableState> {
    const keys = [...this.#keys.values()];
    const layout = { keys, spared: this.#spared, reportGroup: this.#reportGroup };
    let { failure } = await runScript(repairScript(before, layout));
    if (failure !== null && before.table !== null) {
      // It has content that we do not know. The table is ours, so it is replaced.
      ({ failure } = await runScript(`delete table ${TABLE}\n${repairScript(NO_TABLE, layout)}`));
    }
    throwOn(failure);
    return readState();
  }

  #hasAllKeys({ sets }: TableState): boolean {
    return [...this.#keys.keys()].every((name) => sets.has(name));
  }
}

/** Spared targets by the name of their set. */
function bySet(targets: readonly Target[]): Map<string, Target[]> {
  const sets = new Map<string, Target[]>();
  for (const target of targets) {
    const name = nameOf({ ...setOf(target), list: 'spare' });
    sets.set(name, [...(sets.get(name) ?? []), target]);
  }
  return sets;
}

function isEqual(one: ReadonlyMap<string, Target[]>, other: ReadonlyMap<string, Target[]>): boolean {
  const texts = (sets: typeof one) =>
    [...sets.values()].flatMap((targets) => targets.map(({ text }) => text));
  return texts(one).sort().join() === texts(other).sort().join();
}

/**
 * Lists all inet tables, because nft reads no elements for that; for a single table it reads them. nft 1.0.6 prints
 * garbage for the flag of a table that a process owns, as that of the sensor, or dies of it: then our table alone is listed.
 */
async function readState(): Promise<TableState> {
  const all = await runTool(NFT, ['-j', '-t', 'list', 'ruleset', 'inet']);
  const state = all.failure === null ? readTable(all.stdout) : null;
  if (state !== null) return state;
  const ours = await runTool(NFT, ['-j', '-t', 'list', 'table', ...TABLE.split(' ')]);
  if (ours.failure !== null && GONE.test(ours.stderr)) return NO_TABLE;
  throwOn(ours.failure);
  const found = readTable(ours.stdout);
  if (found === null) throw new Error(NO_LISTING);
  return found;
}
