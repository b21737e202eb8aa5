import { type Failure, failureOf, throwOn } from '../../commands/failure.ts';
import { runTool } from '../../commands/tool.ts';
import type { ListedBlock, Opened } from '../backend.ts';
import { type Family, familiesHere } from '../families.ts';
import { changeRaw, hasRawRule } from '../raw-table.ts';
import { SerialQueue } from '../serial-queue.ts';
import type { BlockSets } from '../set-backend.ts';
import { sparedTargets } from '../spared-targets.ts';
import { type Target, withLength } from '../target.ts';
import { readBlocks } from './listing.ts';
import { destroySets, listSets, restoreSets } from './run.ts';
import { createLine, nameOf, PERMANENT_SETS, ruleOf, TEMPORARY_SETS } from './sets.ts';
import { GONE, IPSET } from './words.ts';

/** The most copies of our rule that are removed. */
const MAX_COPIES = 16;

/** Our sets and the rules that use them. The carrier adds and deletes the blocks. */
export class RuledSets implements BlockSets {
  readonly #now: () => number;
  readonly #queue = new SerialQueue();
  #spared: readonly Target[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  open(): Promise<Opened> {
    return this.#queue.run(() => this.#repair());
  }

  async list(): Promise<readonly ListedBlock[]> {
    const names = PERMANENT_SETS.filter(({ role }) => role === 'block').map(nameOf);
    return (await Promise.all(names.map((name) => this.#listOf(name)))).flat();
  }

  async spare(prefixes: readonly string[]): Promise<Failure> {
    const targets = sparedTargets(prefixes);
    if (typeof targets === 'string') return targets;
    this.#spared = targets;
    return failureOf(
      this.#queue.run(async () => {
        await this.#repair();
        await refill(targets);
      }),
    );
  }

  remove(): Promise<Failure> {
    return failureOf(
      this.#queue.run(async () => {
        await Promise.all(familiesHere().map(dropRule));
        const existing = await listSets();
        const ours = [...PERMANENT_SETS, ...TEMPORARY_SETS].map(nameOf).filter((name) => existing.has(name));
        await destroySets(ours);
      }),
    );
  }

  async #listOf(name: string): Promise<ListedBlock[]> {
    const { failure, stdout, stderr } = await runTool(IPSET, ['save', name]);
    if (failure !== null && GONE.test(stderr)) return [];
    throwOn(failure);
    return readBlocks(stdout, this.#now());
  }

  async #repair(): Promise<Opened> {
    const existing = await listSets();
    const missing = PERMANENT_SETS.filter((key) => existing.get(nameOf(key)) !== true);
    const families = familiesHere();
    const hasRule = await Promise.all(families.map((family) => hasRawRule(family, ruleOf(family))));
    let withoutRule = families.filter((_, index) => !hasRule[index]);
    if (missing.length === 0 && withoutRule.length === 0) return 'found';
    const wrong = missing.map(nameOf).filter((name) => existing.has(name));
    if (wrong.length > 0) {
      await Promise.all(families.map(dropRule));
      withoutRule = [...families];
      await destroySets(wrong);
    }
    await restoreSets(missing.map(createLine));
    await Promise.all(withoutRule.map(addRule));
    if (missing.some(({ role }) => role === 'spare')) await refill(this.#spared);
    return 'made';
  }
}

async function addRule(family: Family): Promise<void> {
  throwOn(await changeRaw(family, [`-I ${ruleOf(family).replace(' ', ' 1 ')}`]));
}

async function dropRule(family: Family): Promise<void> {
  for (let count = 0; count < MAX_COPIES && (await hasRawRule(family, ruleOf(family))); count++) {
    throwOn(await changeRaw(family, [`-D ${ruleOf(family)}`]));
  }
}

/** Fills a new set and swaps it with the old one, so that no spared source is blocked meanwhile. */
async function refill(targets: readonly Target[]): Promise<void> {
  const lines = TEMPORARY_SETS.flatMap((key) => [
    `${createLine(key)} -exist`,
    `flush ${nameOf(key)}`,
    ...targets
      .filter(({ family }) => family === key.family)
      .map((target) => `add ${nameOf(key)} ${withLength(target)} -exist`),
    `swap ${nameOf(key)} ${nameOf({ ...key, role: 'spare' })}`,
    `destroy ${nameOf(key)}`,
  ]);
  await restoreSets(lines);
}
