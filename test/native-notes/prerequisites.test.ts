import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** npm runs this script before it compiles the native module. It must name exactly the missing packages. */
const SCRIPT = resolve('native-notes/prerequisites.cjs');

const PROGRAMS = ['c++', 'make', 'python3'];

/** The only folder in PATH of the script. */
let programs: string;
beforeEach(() => {
  programs = mkdtempSync(join(tmpdir(), 'portsentry-programs-'));
});
afterEach(() => rmSync(programs, { recursive: true }));

/** Writes a program that calls the real one with extra arguments in front. */
function provide(program: string, ...extra: string[]): void {
  const path = join(programs, program);
  const call = [`PATH='${process.env.PATH}' exec ${program}`, ...extra, '"$@"'].join(' ');
  writeFileSync(path, `#!/bin/sh\n${call}\n`);
  chmodSync(path, 0o755);
}

function check() {
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT], {
    env: { PATH: programs },
    encoding: 'utf8',
  });
  return { status, stderr };
}

test('the script prints nothing when no package is missing', () => {
  for (const program of PROGRAMS) provide(program);
  expect(check()).toEqual({ status: 0, stderr: '' });
});

test.each([
  { missing: ['c++'], packages: 'g++' },
  { missing: ['make'], packages: 'make' },
  { missing: ['python3'], packages: 'python3' },
  { missing: PROGRAMS, packages: 'g++ make python3' },
])('without $missing', ({ missing, packages }) => {
  for (const program of PROGRAMS) if (!missing.includes(program)) provide(program);
  const listed = packages.replaceAll(' ', ', ');
  expect(check()).toEqual({
    status: 69,
    stderr: `portsentry: the native module cap cannot be built: missing ${listed}; install with: apt-get install ${packages}\n`,
  });
});

test('without the headers of libpcap', () => {
  for (const program of PROGRAMS) provide(program);
  provide('c++', '-nostdinc'); // the compiler does not search the usual folders
  expect(check()).toEqual({
    status: 69,
    stderr:
      'portsentry: the native module cap cannot be built: missing libpcap-dev; install with: apt-get install libpcap-dev\n',
  });
});
