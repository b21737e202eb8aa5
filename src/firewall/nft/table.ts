import { type Failure, failureOf, throwOn } from '../../commands/failure.ts';
import { runTool } from '../../commands/tool.ts';
import { GONE, NFT, NO_LISTING } from '../../nft/words.ts';
import type { ListedBlock, Opened } from '../backend.ts';
import type { Change } from '../batch.ts';
import type { BlockSets } from '../set-backend.ts';
import { sparedTargets } from '../spared-targets.ts';
import type { Target } from '../target.ts';
import { Turns } from '../turns.ts';
import { setOf } from './changes.ts';
import { arrangement, NOTHING, type Standing } from './layout.ts';
import { readBlocks, readStanding } from './listing.ts';
import type { Remembered } from './remembered.ts';
import { BASE, keyOf, nameOf, type SetKey, TABLE } from './sets.ts';

/** Our table: its chains and sets, but for what is blocked. */
export class Table implements BlockSets {
  readonly #remembered: Remembered;
  readonly #now: () => number;
  readonly #keys = new Map<string, SetKey>();
  /** By the name of the set. */
  #spared = new Map<string, Target[]>();
  /** As it was when it was last made right. */
  #right: Standing | null = null;
  readonly #turns = new Turns();

  /** `ipv6Prefix` is the length by which IPv6 sources are blocked. */
  constructor(remembered: Remembered, ipv6Prefix: number, now: () => number) {
    this.#remembered = remembered;
    this.#now = now;
    for (const key of [...BASE, { list: 'block', family: 6, length: ipv6Prefix } as const]) {
      this.#keys.set(nameOf(key), key);
    }
  }

  /** Makes right what is not; `made` when elements are gone. Rejects with a one-line reason. */
  open(): Promise<Opened> {
    return this.#turns.take(() => this.#arrange());
  }

  /** Whether there is a set for this target, by all that is known here. */
  has(target: Target): boolean {
    return this.#keys.has(nameOf(setOf(target)));
  }

  ensure(changes: readonly Change[]): Promise<Opened> | null {
    const unknown = changes
      .filter(({ verb, target }) => verb === 'block' && !this.has(target))
      .map(({ target }) => setOf(target));
    if (unknown.length === 0) return null;
    return this.#turns.take(async () => {
      for (const key of unknown) this.#keys.set(nameOf(key), key);
      try {
        return await this.#arrange();
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
    const spared = new Map<string, Target[]>();
    for (const target of targets) {
      const name = nameOf({ ...setOf(target), list: 'spare' });
      spared.set(name, [...(spared.get(name) ?? []), target]);
    }
    return failureOf(
      this.#turns.take(async () => {
        this.#spared = spared;
        for (const name of spared.keys()) this.#keys.set(name, keyOf(name) as SetKey);
        this.#right = null;
        await this.#arrange();
      }),
    );
  }

  /** Takes all of it away. */
  async remove(): Promise<Failure> {
    const { failure, stderr } = await runTool(NFT, ['delete', 'table', ...TABLE.split(' ')]);
    return failure !== null && GONE.test(stderr) ? null : failure;
  }

  async #arrange(): Promise<Opened> {
    const before = await look();
    if (before.text === this.#right?.text && this.#hasAllKeys(before)) return 'found';
    for (const name of before.sets.keys()) this.#keys.set(name, keyOf(name) as SetKey);
    const expected = [...(this.#right?.sets.keys() ?? BASE.map(nameOf))];
    const after = await this.#make(before);
    this.#right = after;
    const isFound = after.table === before.table && expected.every((name) => before.sets.get(name) === true);
    this.#remembered.forget();
    if (!isFound) this.#remembered.complete([]);
    return isFound ? 'found' : 'made';
  }

  async #make(before: Standing): Promise<Standing> {
    const keys = [...this.#keys.values()];
    let { failure } = await runTool(NFT, ['-f', '-'], { input: arrangement(before, keys, this.#spared) });
    if (failure !== null && before.table !== null) {
      // There is something in it that we do not know; it is our table all the same.
      const input = `delete table ${TABLE}\n${arrangement(NOTHING, keys, this.#spared)}`;
      ({ failure } = await runTool(NFT, ['-f', '-'], { input }));
    }
    throwOn(failure);
    return look();
  }

  #hasAllKeys({ sets }: Standing): boolean {
    return [...this.#keys.keys()].every((name) => sets.has(name));
  }
}

/** Of other tables, too: nft reads no elements for a listing of all of them, and those of a single one. */
async function look(): Promise<Standing> {
  const { failure, stdout } = await runTool(NFT, ['-j', '-t', 'list', 'ruleset', 'inet']);
  if (failure !== null) throw new Error(failure);
  const standing = readStanding(stdout);
  if (standing === null) throw new Error(NO_LISTING);
  return standing;
}
