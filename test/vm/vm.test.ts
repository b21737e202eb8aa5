import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { machineChoice, makeImage, runMachine } from './machine.ts';

/** Tests the package in a virtual machine with its own kernel and systemd; `guest/trial` runs in it. */

/** Enough for a Debian from a slow mirror. */
const IMAGE_TIMEOUT_MS = 600_000;
/** The machine powers off long before this; an emulated one takes ten minutes, and more beside other work. */
const RUN_TIMEOUT_MS = 3_600_000;

const choice = machineChoice();
let folder: string;
beforeAll(() => {
  mkdirSync('build', { recursive: true });
  folder = mkdtempSync(resolve('build/vm-'));
  makeImage(folder, choice);
}, IMAGE_TIMEOUT_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(
  'every check in the machine passes',
  async () => {
    const startMs = performance.now();
    // The run is long, so each line is printed as it arrives, with its second.
    const print = (line: string) => {
      const second = Math.round((performance.now() - startMs) / 1_000);
      process.stdout.write(`${String(second).padStart(4)} s  ${line}\n`);
    };
    const lines = await runMachine(folder, choice, RUN_TIMEOUT_MS, print);
    const results = lines.filter((line) => /^(not )?ok - /.test(line));
    expect(results.filter((line) => line.startsWith('not '))).toEqual([]);
    // The plan is the last line: without it, the run did not finish.
    const planned = lines.map((line) => /^1\.\.(\d+)$/.exec(line)?.[1]).find((count) => count !== undefined);
    expect(planned).toBe(String(results.length));
    expect(results.length).toBeGreaterThan(0);
  },
  RUN_TIMEOUT_MS + 30_000,
);
