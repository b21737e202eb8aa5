import { execFileSync, type SpawnSyncOptionsWithStringEncoding, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** What a machine lacks is said in one line before npm fetches or compiles anything. PATH is a folder of links. */
const SCRIPT = resolve('native-notes/prerequisites.cjs');
const COMPILER = ['c++', 'make', 'python3'];
const WHICH_NODE = readFileSync('native-notes/which-node.txt', 'utf8').trim();

let programs: string;
beforeEach(() => {
  programs = mkdtempSync(join(tmpdir(), 'portsentry-programs-'));
});
afterEach(() => rmSync(programs, { recursive: true }));

function provide(...names: string[]): void {
  for (const name of names) {
    const path =
      name === 'node' ? process.execPath : execFileSync('which', [name], { encoding: 'utf8' }).trim();
    symlinkSync(path, join(programs, name));
  }
}

function run(command: string, ...words: string[]) {
  const env = { PATH: programs };
  // A bash whose standard input is a socket reads the files of a remote shell.
  const options: SpawnSyncOptionsWithStringEncoding = {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  };
  const { status, stdout, stderr } = spawnSync(command, words, options);
  return { status, stdout, stderr };
}

const check = (...words: string[]) => run(process.execPath, SCRIPT, ...words);
const refused = (line: string) => ({ status: 69, stdout: '', stderr: `portsentry: ${line}\n` });

describe('before npm compiles the native module', () => {
  test('nothing is said of a machine that has everything', () => {
    provide(...COMPILER);
    expect(check()).toMatchObject({ status: 0, stdout: '' });
  });

  test.each([
    { missing: ['c++'], packages: 'g++' },
    { missing: ['make'], packages: 'make' },
    { missing: ['python3'], packages: 'python3' },
    { missing: COMPILER, packages: 'g++ make python3' },
  ])('without $missing', ({ missing, packages }) => {
    provide(...COMPILER.filter((name) => !missing.includes(name)));
    const listed = packages.replaceAll(' ', ', ');
    expect(check()).toEqual(
      refused(
        `the native module cap cannot be built: missing ${listed}; install with: apt-get install ${packages}`,
      ),
    );
  });

  test('without the headers of libpcap', () => {
    provide('make', 'python3');
    // The compiler does not search the usual folders.
    writeFileSync(join(programs, 'c++'), `#!/bin/sh\nPATH='${process.env.PATH}' exec c++ -nostdinc "$@"\n`);
    chmodSync(join(programs, 'c++'), 0o755);
    expect(check()).toEqual(
      refused(
        'the native module cap cannot be built: missing libpcap-dev; install with: apt-get install libpcap-dev',
      ),
    );
  });
});

describe('before make fetches anything', () => {
  const askForNode = () => run('/bin/bash', 'native-notes/node');
  const { node } = process.versions;

  test.each([
    { has: ['node', 'npm'], result: { status: 0, stdout: '', stderr: '' } },
    { has: [], result: refused(`found no Node; ${WHICH_NODE}`) },
    {
      has: ['node'],
      result: refused(`found Node ${node}, but no npm (apt-get install npm); ${WHICH_NODE}`),
    },
  ])('with $has of Node and npm', ({ has, result }) => {
    provide(...has);
    expect(askForNode()).toEqual(result);
  });

  test('the line comes from make itself, and nothing is fetched', () => {
    const clone = mkdtempSync(join(tmpdir(), 'portsentry-clone-'));
    try {
      const files = ['Makefile', 'package.json', 'package-lock.json', 'native-notes', 'packaging', 'src'];
      execFileSync('cp', ['--recursive', ...files, clone]);
      provide('bash', 'find', 'make', 'touch');
      const { status, stderr } = run('/usr/bin/env', '--chdir', clone, 'make', 'node_modules/.built');
      expect(status).toBe(2);
      expect(stderr.split('\n')[0]).toMatch(/^portsentry: found no Node; Node 20\.19 or newer/);
      expect(() => readFileSync(join(clone, 'node_modules/.package-lock.json'))).toThrow('ENOENT');
    } finally {
      rmSync(clone, { recursive: true });
    }
  });
});

describe('the headers that npm compiles with', () => {
  test('are those beside Node, if they are there', () => {
    provide(...COMPILER, 'npm');
    const { status, stdout } = check('--headers');
    expect(status).toBe(0);
    const folder = stdout.trim();
    const version = `#define NODE_MODULE_VERSION ${process.versions.modules}`;
    if (folder !== '')
      expect(readFileSync(join(folder, 'include/node/node_version.h'), 'utf8')).toContain(version);
  });

  test('are those that the user names', () => {
    provide(...COMPILER, 'npm');
    const env = { PATH: programs, npm_config_nodedir: '/opt/node' };
    expect(execFileSync(process.execPath, [SCRIPT, '--headers'], { env, encoding: 'utf8' })).toBe(
      '/opt/node\n',
    );
  });
});
