import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseProgram, goodPath } from '../../../src/service/setup/program.ts';
import { testFolder } from '../../control/given.ts';

const WRAPPER = '/opt/lib/portsentry/portsentry';

test.each([
  ['#!/usr/bin/env node', WRAPPER],
  ['#!/usr/lib/portsentry/bin/node', null],
  ['#! /usr/bin/node', null],
  ['import x', WRAPPER],
  ['', WRAPPER],
])('a program that begins with %j is started through %s', (line, wrapper) => {
  const main = join(testFolder(), 'main.js');
  writeFileSync(main, `${line}\n`);
  expect(chooseProgram(undefined, main, '/opt').program).toBe(wrapper ?? main);
});

test('the named program is taken as it is', () => {
  expect(chooseProgram('/usr/sbin/portsentry', '/x/main.js', '/usr')).toEqual({
    program: '/usr/sbin/portsentry',
    wrapper: null,
    runs: ['/usr/sbin/portsentry'],
  });
});

test('the node of the named program is judged, too', () => {
  const named = join(testFolder(), 'portsentry');
  writeFileSync(named, '#!/home/ann/bin/node\n');
  expect(chooseProgram(named, '/x/main.js', '/usr').runs).toEqual([named, '/home/ann/bin/node']);
});

test('the script runs a program in a folder with any name, and hands on its arguments', () => {
  const folder = join(testFolder(), `it's "$HOME" \\ here`);
  mkdirSync(folder);
  const main = join(folder, 'main.js');
  writeFileSync(main, '#!/usr/bin/env node\nconsole.log(JSON.stringify(process.argv.slice(2)))\n');
  const script = join(folder, 'script');
  writeFileSync(script, chooseProgram(undefined, main, '/opt').wrapper as string, { mode: 0o755 });
  expect(execFileSync(script, ['-atcp', 'a b'], { encoding: 'utf8' })).toBe('["-atcp","a b"]\n');
});

test.each([
  ['/usr/local', true],
  ['/opt/portsentry-3.0_x+y@z', true],
  ['opt', false],
  ['/opt/a b', false],
  ['/opt/%h', false],
  ['/opt/$x', false],
  ["/opt/'", false],
  ['', false],
])('a unit can name %j: %s', (path, good) => {
  expect(goodPath(path)).toBe(good);
});
