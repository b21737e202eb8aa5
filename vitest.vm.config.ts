import { defineConfig } from 'vitest/config';

/** The whole machine (`make test-vm`); not among the projects, for it takes minutes. */
export default defineConfig({ test: { include: ['test/vm/**/*.test.ts'] } });
