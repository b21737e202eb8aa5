import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { logHealth } from '../../src/daemon/log-health.ts';
import type { LogDestinations } from '../../src/daemon/outputs.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'portsentry-log-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function destinations(fields: Partial<LogDestinations>): LogDestinations {
  const socket = '/nonexistent/log';
  return { stdout: true, isJournal: false, syslog: true, wantsSyslog: true, socket, ...fields };
}

test.each<[Partial<LogDestinations>, string, string]>([
  [{ isJournal: true, syslog: false }, 'ok', 'the journal has every line'],
  [{ syslog: false, wantsSyslog: false }, 'skip', 'lines go to standard output alone (--logoutput)'],
  [
    { syslog: false },
    'warn',
    'lines go to standard output alone: there was no /nonexistent/log at the start',
  ],
  [
    {},
    'warn',
    'syslog takes no line: socket /nonexistent/log: No such file or directory; lines go to standard output alone',
  ],
  [
    { stdout: false },
    'fail',
    'syslog takes no line: socket /nonexistent/log: No such file or directory; lines are kept for a while, then lost',
  ],
])('%j: %s', async (fields, result, message) => {
  expect(await logHealth(destinations(fields))).toEqual({ name: 'log', result, message });
});

test('a line is sent under another name than ours, which readers of our lines leave alone', async () => {
  const path = folder();
  const command = join(path, 'logger');
  writeFileSync(command, `#!/bin/sh\necho "$@" > ${path}/sent\n`);
  chmodSync(command, 0o755);
  const check = await logHealth(destinations({ socket: '/dev/log' }), { command, package: 'none' });
  expect(check).toEqual({
    name: 'log',
    result: 'ok',
    message: '/dev/log took a test line (portsentry-doctor)',
  });
  expect(readFileSync(`${path}/sent`, 'utf8')).toMatch(
    /^--socket-errors=on --priority daemon\.debug --tag portsentry-doctor --socket \/dev\/log -- A test line/,
  );
});
