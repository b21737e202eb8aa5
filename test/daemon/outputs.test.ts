import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { isJournal, logDestinations, openLiveLog, openRecorder } from '../../src/daemon/outputs.ts';
import { probeEvent } from '../record/given.ts';
import { configWith, testFolder } from '../respond/given.ts';

const OPTIONS = { toWall: (time: number) => time, verbose: false };

const MODES = { tcp: 'atcp', udp: 'audp' } as const;

test('a log to stdout gets each line, as one line', async () => {
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  onTestFinished(() => write.mockRestore());
  const log = await openLiveLog(logDestinations(['stdout']));
  log.line('one');
  log.line('two\nlines');
  expect(written.map((text) => text.split('\n').length - 1)).toEqual([1, 1]);
  expect(written[0]).toBe('one\n');
});

test('stdout is the journal when JOURNAL_STREAM names its device and inode', () => {
  const fd = openSync(join(testFolder(), 'stream'), 'w');
  onTestFinished(() => closeSync(fd));
  const { dev, ino } = fstatSync(fd, { bigint: true });
  expect(isJournal(fd, `${dev}:${ino}`)).toBe(true);
  expect(isJournal(fd, `${dev}:${ino + 1n}`)).toBe(false);
  expect(isJournal(fd, undefined)).toBe(false);
});

test.each([
  [[], true, { stdout: true, syslog: true, wantsSyslog: true }],
  [[], false, { stdout: true, syslog: false, wantsSyslog: true }],
  [['syslog'], false, { stdout: false, syslog: true, wantsSyslog: true }],
  [['stdout'], true, { stdout: true, syslog: false, wantsSyslog: false }],
  [['stdout', 'syslog'], true, { stdout: true, syslog: true, wantsSyslog: true }],
] as const)('--logoutput %j, with a socket of syslog: %s', (outputs, hasSocket, destinations) => {
  const socket = hasSocket ? testFolder() : join(testFolder(), 'none');
  expect(logDestinations(outputs, socket)).toEqual({ ...destinations, isJournal: false, socket });
});

test('a recorder writes the log and the files that the configuration names', () => {
  const folder = testFolder();
  const [historyFile, blockedFile, eventFile] = ['history', 'blocked', 'events'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const lines: string[] = [];
  const log = { line: (text: string) => void lines.push(text), close: () => Promise.resolve() };
  const recorder = openRecorder(configWith({ historyFile, blockedFile, eventFile }), MODES, log, OPTIONS);
  const outcome = {
    target: '10.99.0.1',
    until: null,
    times: 1,
    method: 'null',
    steps: [],
    reason: null,
  } as const;
  recorder.block({ ...probeEvent(), ...outcome, action: 'block' });
  recorder.admin('a word');
  recorder.close();
  expect(lines).toEqual(['adminalert: a word']);
  for (const path of [historyFile, `${blockedFile}.atcp`])
    expect(readFileSync(path, 'utf8')).toMatch(/Blocked\n$/);
  expect(readFileSync(`${blockedFile}.audp`, 'utf8')).toBe('');
  expect(JSON.parse(readFileSync(eventFile, 'utf8'))).toMatchObject({ source: { ip: '10.99.0.1' } });
});

test.each([
  ['historyFile', 'HISTORY_FILE: '],
  ['blockedFile', 'BLOCKED_FILE: '],
  ['eventFile', ''],
])('a recorder whose %s cannot be opened is refused', (field, name) => {
  const path = join(testFolder(), 'folder');
  for (const mode of ['', '.atcp']) mkdirSync(`${path}${mode}`);
  const log = { line: () => {}, close: () => Promise.resolve() };
  expect(() => openRecorder(configWith({ [field]: path }), MODES, log, OPTIONS)).toThrow(
    expect.objectContaining({
      exit: 74,
      message: expect.stringMatching(`^${name}${path}.*: cannot be opened: `),
    }),
  );
});
