import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { History, type HistoryOptions, historyLine1 } from '../../src/record/history.ts';
import { NOON, probeEvent, testFolder, udpEvent } from './given.ts';

const LINE = '1795354417 - 11/22/2026 13:33:37 Host: 10.99.0.1/10.99.0.1 Port: 111 TCP Blocked\n';

let folder: string;

beforeEach(() => {
  vi.stubEnv('TZ', 'UTC');
  folder = testFolder();
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function given(options: Partial<HistoryOptions> = {}): History {
  return new History({
    historyFile: join(folder, 'portsentry.history'),
    blockedFile: join(folder, 'portsentry.blocked'),
    modes: ['atcp', 'audp'],
    tell: (text) => expect.fail(text),
    ...options,
  });
}

function read(name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}

test('open makes the files for their owner alone, with a file of blocked hosts for each mode', () => {
  const history = given();
  expect(history.open()).toBeNull();
  history.close();
  const names = readdirSync(folder).sort();
  expect(names).toEqual(['portsentry.blocked.atcp', 'portsentry.blocked.audp', 'portsentry.history']);
  expect(names.map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
});

test('a line of the history is written as it is', () => {
  const history = given();
  expect(history.open()).toBeNull();
  history.write(historyLine1(probeEvent(), '10.99.0.1'), NOON);
  history.close();
  expect(read('portsentry.history')).toBe(LINE);
  expect(read('portsentry.blocked.atcp')).toBe('');
});

test('a blocked host is a line of 1.x in the file of its mode', () => {
  const history = given();
  history.blocked(probeEvent(), '10.99.0.1', NOON);
  history.blocked(udpEvent({ source: '2001:db8::1' }), 'scanner.example', NOON);
  history.close();
  expect(read('portsentry.blocked.atcp')).toBe(LINE);
  expect(read('portsentry.blocked.audp')).toBe(
    '1795354417 - 11/22/2026 13:33:37 Host: scanner.example/2001:db8::1 Port: 9 UDP Blocked\n',
  );
});

test('files that are not configured are not made', () => {
  const history = given({ historyFile: null, blockedFile: null });
  expect(history.open()).toBeNull();
  history.write(LINE, NOON);
  history.blocked(probeEvent(), '10.99.0.1', NOON);
  history.close();
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['historyFile', 'HISTORY_FILE', ''],
  ['blockedFile', 'BLOCKED_FILE', '.atcp'],
] as const)('the error for a %s in a folder that does not exist names its key', (field, key, ending) => {
  const path = join(folder, 'missing', 'file');
  expect(given({ [field]: path }).open()).toBe(
    `${key}: ${path}${ending}: cannot be opened: no such file or directory`,
  );
});
