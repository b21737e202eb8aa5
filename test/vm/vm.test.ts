import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeImage, runMachine } from './machine.ts';

/** The package in a whole machine with its own kernel and systemd; `guest/trial` is what is done in it. */

/** Ms for a whole Debian from a slow mirror. */
const IMAGE_TIME = 600_000;
/** Ms until the machine must have switched itself off; a slow one may take four minutes. */
const RUN_TIME = 900_000;

let folder: string;
beforeAll(() => {
  mkdirSync('build', { recursive: true });
  folder = mkdtempSync(resolve('build/vm-'));
  makeImage(folder);
}, IMAGE_TIME);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(
  'everything that the trial looks at is as it should be',
  async () => {
    const begun = performance.now();
    // Each as it comes, with the second at which it came: the whole is long.
    const tell = (line: string) => {
      const second = Math.round((performance.now() - begun) / 1_000);
      process.stdout.write(`${String(second).padStart(4)} s  ${line}\n`);
    };
    const lines = await runMachine(folder, RUN_TIME, tell);
    const results = lines.filter((line) => /^(not )?ok - /.test(line));
    expect(results.filter((line) => line.startsWith('not '))).toEqual([]);
    // The plan is its last word: a machine that did not come so far has shown nothing.
    const planned = lines.map((line) => /^1\.\.(\d+)$/.exec(line)?.[1]).find((count) => count !== undefined);
    expect(planned).toBe(String(results.length));
    expect(results.length).toBeGreaterThan(0);
  },
  RUN_TIME + 30_000,
);
