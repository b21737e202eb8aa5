import { defineConfig } from 'vitest/config';
import { SYSTEM_ENV } from './test/support/system-env.ts';

/**
 * Tests against other programs as Debian has them, and tests that take ten minutes (`make test-field`). They need trees of
 * several releases of Debian, so they are not one of the projects. The quiet ten minutes pass while the others run.
 */
export default defineConfig({
  test: {
    include: ['test/field/**/*.test.ts'],
    env: SYSTEM_ENV,
    testTimeout: 900_000,
    hookTimeout: 900_000,
    maxWorkers: 2,
    reporters: ['verbose'],
  },
});
