import { expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';
import { TARGETS } from './targets.ts';

/** Inputs for each target: more in CI, where nobody waits. */
const INPUTS = process.env.CI === undefined ? 6_000 : 60_000;

test.each(Object.keys(TARGETS))(
  'no mutation of the corpus makes the target %s throw or hang',
  async (name) => {
    const seed = Date.now() & 0x7fffffff;
    const goesOn = (inputs: number) => inputs < INPUTS;
    const outcome = await fuzz(name, { folder: `fixtures/corpus/${name}`, goesOn, seed, keep: false });
    console.log(`${name}, seed ${seed}: ${JSON.stringify(outcome)}`);
    expect(outcome.inputs).toBe(INPUTS);
    expect(outcome.coveredByCorpus).toBeGreaterThan(50);
  },
  600_000,
);
