import { type Failure, failureOf, throwOn } from '../../commands/failure.ts';
import { runTool } from '../../commands/tool.ts';
import type { ListedBlock, Opened } from '../backend.ts';
import { type Family, familiesHere } from '../families.ts';
import { changeRaw, hasRawRule } from '../raw-table.ts';
import type { BlockSets } from '../set-backend.ts';
import { sparedTargets } from '../spared-targets.ts';
import { type Target, withLength } from '../target.ts';
import { Turns } from '../turns.ts';
import { readBlocks } from './listing.ts';
import { destroySets, lookAtSets, restoreSets } from './run.ts';
import { createLine, nameOf, PASSING, ruleOf, STANDING } from './sets.ts';
import { GONE, IPSET } from './words.ts';

/** A rule that somebody has doubled is taken away as often as this. */
const MAX_DOUBLES = 16;

/** Our sets and the rules that look into them, but for what is blocked. */
export class RuledSets implements BlockSets {
  readonly #now: () => number;
  readonly #turns = new Turns();
  #spared: readonly Target[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Makes what is missing. Rejects with a one-line reason. */
  open(): Promise<Opened> {
    return this.#turns.take(() => this.#arrange());
  }

  async list(): Promise<readonly ListedBlock[]> {
    const names = STANDING.filter(({ role }) => role === 'block').map(nameOf);
    return (await Promise.all(names.map((name) => this.#listOf(name)))).flat();
  }

  async spare(prefixes: readonly string[]): Promise<Failure> {
    const targets = sparedTargets(prefixes);
    if (typeof targets === 'string') return targets;
    this.#spared = targets;
    return failureOf(
      this.#turns.take(async () => {
        await this.#arrange();
        await refill(targets);
      }),
    );
  }

  /** Takes all of it away. */
  remove(): Promise<Failure> {
    return failureOf(
      this.#turns.take(async () => {
        await Promise.all(familiesHere().map(dropRule));
        const standing = await lookAtSets();
        const ours = [...STANDING, ...PASSING].map(nameOf).filter((name) => standing.has(name));
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

  async #arrange(): Promise<Opened> {
    const standing = await lookAtSets();
    const missing = STANDING.filter((key) => standing.get(nameOf(key)) !== true);
    const families = familiesHere();
    const ruled = await Promise.all(families.map((family) => hasRawRule(family, ruleOf(family))));
    let unruled = families.filter((_, index) => ruled[index] === false);
    if (missing.length === 0 && unruled.length === 0) return 'found';
    const wrong = missing.map(nameOf).filter((name) => standing.has(name));
    if (wrong.length > 0) {
      await Promise.all(families.map(dropRule));
      unruled = [...families];
      await destroySets(wrong);
    }
    await restoreSets(missing.map(createLine));
    await Promise.all(unruled.map(putRule));
    if (missing.some(({ role }) => role === 'spare')) await refill(this.#spared);
    return 'made';
  }
}

async function putRule(family: Family): Promise<void> {
  throwOn(await changeRaw(family, [`-I ${ruleOf(family).replace(' ', ' 1 ')}`]));
}

async function dropRule(family: Family): Promise<void> {
  for (let count = 0; count < MAX_DOUBLES && (await hasRawRule(family, ruleOf(family))); count++) {
    throwOn(await changeRaw(family, [`-D ${ruleOf(family)}`]));
  }
}

/** A set of its own takes the place of the old one, so that nobody is unprotected meanwhile. */
async function refill(targets: readonly Target[]): Promise<void> {
  const lines = PASSING.flatMap((key) => [
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
