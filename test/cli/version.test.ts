import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { versionText } from '../../src/cli/version.ts';
import { PROGRAM, UNBUNDLED } from '../support/detector.ts';

test.each(['--version', '-V', '-V -V'])('%s prints the version alone', async (line) => {
  expect(await versionText(line.split(' '), '3.0.0')).toBe('Version: 3.0.0\n');
});

test.each(['', '-v', 'status --version', '--version status', '-V -x', '-atcp -V'])(
  'the option parser has the last word on "%s"',
  async (line) => {
    expect(await versionText(line.split(' '), '3.0.0')).toBeNull();
  },
);

test.each([
  ['bundled', PROGRAM],
  ['not bundled', UNBUNDLED],
])('--version --verbose says what the program runs with: %s', (how, program) => {
  for (const args of [
    ['--version', '--verbose'],
    ['-v', '-V'],
  ]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    const [version, node, libpcap, place, ...rest] = stdout.split('\n');
    expect(version).toMatch(/^Version: \d+\.\d+\.\d+$/);
    expect(node).toBe(`Node: ${process.versions.node} (${realpathSync(process.execPath)})`);
    expect(libpcap).toMatch(/^libpcap: 1\.\d+\.\d+\S* \(\/.*\/(libpcap\.so\S*|cap\.node)\)$/);
    expect(place).toBe(`Program: ${how} (${dirname(program)})`);
    expect(rest).toEqual(['']);
  }
});
