import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { programsOf, whyNotRunnable } from '../../src/commands/programs.ts';

test.each<[command: string, programs: string[]]>([
  ['/sbin/iptables -I INPUT -s $TARGET$ -j DROP', ['/sbin/iptables']],
  ['/sbin/iptables -I INPUT -s $TARGET$ -j DROP && /sbin/iptables -I INPUT -j LOG', ['/sbin/iptables']],
  ['/sbin/route add -host $TARGET$ reject', ['/sbin/route']],
  ['/usr/local/bin/a $TARGET$; b $PORT$ | c || d & e', ['/usr/local/bin/a', 'b', 'c', 'd', 'e']],
  ['(a; b) && { c; }', ['a', 'b', 'c']],
  ['echo "to the | console; at $TARGET$" | mail -s "x; y" root', ['mail']],
  ["logger 'a; b && c'", ['logger']],
  ['LANG=C TZ=UTC a > /dev/null 2>&1 < /dev/zero', ['a']],
  ['>/tmp/x a', ['a']],
  ['if ! a; then b; else exec c; fi', ['a', 'b', 'c']],
  ['test -e /run/x || [ -e /run/y ] && true', []],
  ['"/opt/my programs/a" $TARGET$', []],
  ["'/opt/a' $TARGET$", ['/opt/a']],
  ['$HELPER $TARGET$', []],
  ['', []],
])('%s', (command, programs) => {
  expect(programsOf(command)).toEqual(programs);
});

test('a program must be there, be a file, and be executable', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-programs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'a');
  writeFileSync(file, '#!/bin/sh\n');
  chmodSync(file, 0o644);
  mkdirSync(join(folder, 'b'));
  expect(whyNotRunnable(file)).toBe('it may not be executed');
  expect(whyNotRunnable('a', folder)).toBe('it is in no folder of PATH');
  chmodSync(file, 0o755);
  expect([whyNotRunnable(file), whyNotRunnable('a', `/nowhere:${folder}`)]).toEqual([null, null]);
  expect(whyNotRunnable(join(folder, 'b'))).toBe('it is no file');
  expect(whyNotRunnable('/sbin/no-such-program')).toBe('there is no such file');
});
