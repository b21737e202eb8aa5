import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** What npm runs before it compiles the native module: it must name the package that is missing, and no other. */
const SCRIPT = resolve('native-notes/prerequisites.cjs');

const PROGRAMS = ['c++', 'make', 'python3'];

/** The only folder where the script finds programs. */
let programs: string;
beforeEach(() => {
  programs = mkdtempSync(join(tmpdir(), 'portsentry-programs-'));
});
afterEach(() => rmSync(programs, { recursive: true }));

/** A program that calls the real one, with more arguments put first. */
function provide(program: string, ...more: string[]): void {
  const path = join(programs, program);
  const call = [`PATH='${process.env.PATH}' exec ${program}`, ...more, '"$@"'].join(' ');
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

test('nothing is said when all is there', () => {
  for (const program of PROGRAMS) provide(program);
  expect(check()).toEqual({ status: 0, stderr: '' });
});

test.each([
  { gone: ['c++'], packages: 'g++' },
  { gone: ['make'], packages: 'make' },
  { gone: ['python3'], packages: 'python3' },
  { gone: PROGRAMS, packages: 'g++ make python3' },
])('without $gone', ({ gone, packages }) => {
  for (const program of PROGRAMS) if (!gone.includes(program)) provide(program);
  const missing = packages.replaceAll(' ', ', ');
  expect(check()).toEqual({
    status: 69,
    stderr: `portsentry: the native module cap cannot be built: missing ${missing}; install with: apt-get install ${packages}\n`,
  });
});

test('without the headers of libpcap', () => {
  for (const program of PROGRAMS) provide(program);
  provide('c++', '-nostdinc'); // a compiler that does not find headers in the usual folders
  expect(check()).toEqual({
    status: 69,
    stderr:
      'portsentry: the native module cap cannot be built: missing libpcap-dev; install with: apt-get install libpcap-dev\n',
  });
});
