import { defineConfig } from 'vitest/config';

/** End-to-end tests share one machine's namespaces and clocks: one file at a time, and time for real scanners. */
const END_TO_END = { testTimeout: 90_000, hookTimeout: 60_000, fileParallelism: false };

export default defineConfig({
  test: {
    coverage: { include: ['src/**'], reporter: ['text-summary', 'html'] },
    projects: [
      {
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**'], testTimeout: 30_000 },
      },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...END_TO_END } },
    ],
  },
});
