import type { Failure } from '../../commands/failure.ts';
import type { Opened } from '../backend.ts';
import { type Family, familiesHere } from '../families.ts';
import { changeRaw, hasRawRule } from '../raw-table.ts';
import { sparedTargets } from '../spared-targets.ts';
import { type Target, withLength } from '../target.ts';
import { Turns } from '../turns.ts';
import { destroySets, lookAtSets, restoreSets } from './run.ts';
import { createLine, nameOf, PASSING, ruleOf, STANDING } from './sets.ts';

/** A rule that somebody has doubled is taken away as often as this. */
const MAX_DOUBLES = 16;

/** Our sets and the rules that look into them, but for what is blocked. */
export class Firewall {
  readonly #turns = new Turns();
  #spared: readonly Target[] = [];

  /** Makes what is missing. Rejects with a one-line reason. */
  open(): Promise<Opened> {
    return this.#turns.take(() => this.#arrange());
  }

  /** Replaces the prefixes that pass whatever is blocked. */
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
  const failure = await changeRaw(family, [`-I ${ruleOf(family).replace(' ', ' 1 ')}`]);
  if (failure !== null) throw new Error(failure);
}

async function dropRule(family: Family): Promise<void> {
  for (let count = 0; count < MAX_DOUBLES && (await hasRawRule(family, ruleOf(family))); count++) {
    const failure = await changeRaw(family, [`-D ${ruleOf(family)}`]);
    if (failure !== null) throw new Error(failure);
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

function failureOf(task: Promise<void>): Promise<Failure> {
  return task.then(
    () => null,
    (error: Error) => error.message,
  );
}
