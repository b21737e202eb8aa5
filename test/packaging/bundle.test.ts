import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { PROGRAM, UNBUNDLED } from '../support/detector.ts';

/** How a program ends, and what it prints. */
function run(program: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    input: '',
  });
  return { status, stdout, stderr };
}

/** The bundle has another package for the widths of characters, and each command in a file of its own. */
test.each([
  '--help',
  'replay --help',
  'check --help',
  'why --help',
  'unblock --help',
  'completion zsh',
  '--get-yargs-completions portsentry replay --',
  'stats',
  'status --jsno',
  'why',
  'block 192.0.2.1 --for',
])('the bundle prints what the program prints that is not bundled: %s', (line) => {
  const args = line.split(' ');
  const bundled = run(PROGRAM, args);
  expect(bundled).toEqual(run(UNBUNDLED, args));
  expect(bundled.stdout + bundled.stderr).not.toBe('');
});
