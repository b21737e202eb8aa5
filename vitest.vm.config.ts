import { defineConfig } from 'vitest/config';

/** The test of a whole virtual machine (`make test-vm`). It takes minutes, so it is not one of the projects. */
export default defineConfig({ test: { include: ['test/vm/**/*.test.ts'] } });
