import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAM } from '../support/detector.ts';
import { writeWeek } from '../support/event-week.ts';

/** The line that shows how far big event files are read, which begins after half a second. */

let folder: string;
let conf: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'progress-'));
  const events = join(folder, 'events');
  const lines: string[] = [];
  writeWeek(20_000, Date.now() - 8 * 86_400_000, (line) => lines.push(line));
  // One member of gzip after the other is one stream, which takes more than a second to read and has no size worth speaking of.
  const member = gzipSync(`${lines.join('\n')}\n`);
  writeFileSync(`${events}.1.gz`, Buffer.concat(Array.from({ length: 8 }, () => member)));
  writeFileSync(events, `${lines.slice(0, 10).join('\n')}\n`);
  conf = join(folder, 'conf');
  writeFileSync(conf, `EVENT_FILE="${events}"\nCONTROL_SOCKET="/nowhere/socket"\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const COMMANDS = ['scanners --since 30d --limit 1', 'report --since 30d'];

test.each(COMMANDS)('on a terminal, %s shows it and takes it away', (words) => {
  const command = `'${process.execPath}' '${PROGRAM}' ${words} -c '${conf}'`;
  const { stdout } = spawnSync('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    encoding: 'utf8',
  });
  expect(stdout).toMatch(/\r\x1b\[Kreading: \d+\.\d of \d+\.\d MB, \d+ events, \d+ s left/);
  expect(stdout).toMatch(/ left\r\x1b\[K[^\r\x1b]/);
});

test.each(COMMANDS)('without a terminal, %s shows none', (words) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...words.split(' '), '-c', conf], {
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  expect(`${stdout}${stderr}`).not.toMatch(/\x1b|reading:/);
});
