import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** End-to-end tests that look at the clock: a reaction of 100 ms, an end within a second. Nothing runs beside them. */
const ALONE = ['capture-loss', 'fragments', 'lifecycle'].map((name) => `test/e2e/${name}.test.ts`);

/**
 * Time for real scanners. In CI one that fails is tried once more, and the report says so: there the machine has other
 * guests, and a second in which nobody has a turn is no fault of the program. What fails twice does not land.
 */
const END_TO_END = { testTimeout: 90_000, hookTimeout: 60_000, retry: process.env.CI === undefined ? 0 : 1 };

export default defineConfig({
  test: {
    coverage: { include: ['src/**'], reporter: ['text-summary', 'html'] },
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/vm/**'],
          testTimeout: 30_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Each has machines of its own, and most of the time it waits for them.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: ALONE,
          ...END_TO_END,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e-alone',
          include: ALONE,
          ...END_TO_END,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
