import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';
import { SYSTEM_ENV } from './test/support/system-env.ts';

/** End-to-end tests that compare how long two things take. Nothing runs beside them. */
const ALONE = ['capture-loss', 'fragments', 'lifecycle'].map((name) => `test/e2e/${name}.test.ts`);

/** For a test that hangs. A test that only has a busy machine must never reach them. */
const UNIT_LIMITS = { testTimeout: 120_000, hookTimeout: 60_000 };
const END_TO_END_LIMITS = { testTimeout: 240_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    coverage: { include: ['src/**'], reporter: ['text-summary', 'html'] },
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          env: SYSTEM_ENV,
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/field/**', 'test/vm/**'],
          ...UNIT_LIMITS,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Each file has hosts of its own, and waits for them most of the time.
        test: {
          name: 'e2e',
          env: SYSTEM_ENV,
          include: ['test/e2e/**/*.test.ts'],
          exclude: ALONE,
          ...END_TO_END_LIMITS,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e-alone',
          env: SYSTEM_ENV,
          include: ALONE,
          ...END_TO_END_LIMITS,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
