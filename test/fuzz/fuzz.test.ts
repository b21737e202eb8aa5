import { expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';
import { TARGETS } from './targets.ts';

/** One minute in CI for all targets together, a few seconds elsewhere. */
const SECONDS_PER_TARGET = (process.env.CI === undefined ? 6 : 60) / Object.keys(TARGETS).length;

test.each(Object.keys(TARGETS))(
  'no mutation of the corpus makes the target %s throw or hang',
  async (name) => {
    const seed = Date.now() & 0x7fffffff;
    const outcome = await fuzz(name, {
      folder: `fixtures/corpus/${name}`,
      seconds: SECONDS_PER_TARGET,
      seed,
      keep: false,
    });
    console.log(`${name}, seed ${seed}: ${JSON.stringify(outcome)}`);
    expect(outcome.inputs).toBeGreaterThan(1000);
    expect(outcome.coveredByCorpus).toBeGreaterThan(50);
  },
  120_000,
);
