import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { AppendFile, MAX_PENDING_BYTES } from '../../src/record/append-file.ts';
import { withFileSizeLimit } from '../support/file-size-limit.ts';
import { NOON, testFolder } from './given.ts';

let folder: string;
let told: string[];

beforeEach(() => {
  told = [];
});

function open(name = 'history'): AppendFile {
  folder = testFolder();
  return fileAt(join(folder, name));
}

function fileAt(path: string): AppendFile {
  const file = new AppendFile(path, (text) => told.push(text));
  onTestFinished(() => file.close());
  return file;
}

describe('a file that is only appended to', () => {
  test('is made for its owner alone, and keeps its content', () => {
    const first = open();
    expect(first.open()).toBeNull();
    first.write('one', NOON);
    first.close();
    expect(statSync(first.path).mode & 0o777).toBe(0o600);
    const second = fileAt(first.path);
    second.write('two', NOON);
    second.close();
    expect(readFileSync(first.path, 'utf8')).toBe('one\ntwo\n');
  });

  test('has the lines of a turn at the end of the turn', async () => {
    const file = open();
    file.write('one', NOON);
    file.write('two', NOON);
    expect(existsSync(file.path)).toBe(false);
    await nextTurn();
    expect(readFileSync(file.path, 'utf8')).toBe('one\ntwo\n');
  });

  test('has them at once after a flush', () => {
    const file = open();
    file.write('one', NOON);
    file.flushSync();
    expect(readFileSync(file.path, 'utf8')).toBe('one\n');
  });

  test('is made again after logrotate moved the old one away', () => {
    const file = open();
    file.write('one', NOON);
    file.flushSync();
    renameSync(file.path, `${file.path}.1`);
    file.write('late', NOON + 999);
    file.flushSync();
    file.write('two', NOON + 1_000);
    file.flushSync();
    expect(readFileSync(`${file.path}.1`, 'utf8')).toBe('one\nlate\n');
    expect(readFileSync(file.path, 'utf8')).toBe('two\n');
    expect(told).toEqual([]);
  });

  test('grows from its new end after logrotate emptied it', () => {
    const file = open();
    file.write('one', NOON);
    file.flushSync();
    truncateSync(file.path);
    file.write('two', NOON);
    file.flushSync();
    expect(readFileSync(file.path, 'utf8')).toBe('two\n');
  });
});

describe('a file that cannot be written', () => {
  test('because its folder does not exist is reported by open', () => {
    const file = open('missing/history');
    expect(file.open()).toBe(`${file.path}: cannot be opened: no such file or directory`);
  });

  test('is reported once, tried again every second, and loses nothing', () => {
    const file = open('missing/history');
    file.write('one', NOON);
    file.flushSync();
    file.write('two', NOON + 500);
    file.tick(NOON + 1_000);
    expect(told).toEqual([
      `${file.path}: cannot be opened: no such file or directory; tried again every second`,
    ]);
    mkdirSync(join(folder, 'missing'));
    file.tick(NOON + 1_500);
    expect(existsSync(file.path)).toBe(false);
    file.tick(NOON + 2_000);
    expect(readFileSync(file.path, 'utf8')).toBe('one\ntwo\n');
    expect(told.slice(1)).toEqual([`${file.path}: is written again`]);
  });

  test('on a full disk keeps its lines until there is room', async () => {
    const file = open();
    await withFileSizeLimit(0, async () => {
      file.write('one', NOON);
      file.flushSync();
    });
    expect(told).toEqual([`${file.path}: cannot be written: file too large; tried again every second`]);
    file.close();
    expect(readFileSync(file.path, 'utf8')).toBe('one\n');
  });

  test('keeps no more than its bound, and reports how many lines were lost', () => {
    const file = open('missing/history');
    const line = 'x'.repeat(MAX_PENDING_BYTES / 4 - 1);
    for (let count = 0; count < 7; count++) file.write(line, NOON);
    mkdirSync(join(folder, 'missing'));
    file.tick(NOON + 1_000);
    expect(statSync(file.path).size).toBe(MAX_PENDING_BYTES);
    expect(told.at(-1)).toBe(`${file.path}: is written again; 3 lines were lost`);
  });

  test('because it is a pipe without a reader is an error, not a wait', () => {
    const file = open();
    expect(spawnSync('mkfifo', [file.path]).status).toBe(0);
    expect(file.open()).toMatch(/cannot be opened: no such device or address$/);
  });

  test('fault 28: because a symbolic link has its name is an error, and nothing is written to where it leads', () => {
    const file = open();
    const victim = join(folder, 'victim');
    writeFileSync(victim, '');
    symlinkSync(victim, file.path);
    expect(file.open()).toBe(`${file.path}: cannot be opened: it is a symbolic link, which is not followed`);
    file.write('one', NOON);
    file.flushSync();
    expect(readFileSync(victim, 'utf8')).toBe('');
  });

  test('fault 28: also if the link takes the place of an open file', () => {
    const file = open();
    file.write('one', NOON);
    file.flushSync();
    renameSync(file.path, join(folder, 'victim'));
    symlinkSync(join(folder, 'victim'), file.path);
    file.write('two', NOON + 2_000);
    file.flushSync();
    expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('one\n');
  });
});

describe('a mode and a group', () => {
  const stat = (file: AppendFile) => statSync(file.path);

  test('are given to a new file, and to one that logrotate has made', () => {
    folder = testFolder();
    const file = new AppendFile(join(folder, 'events'), (text) => told.push(text), { bits: 0o640, gid: 4 });
    expect(file.open()).toBeNull();
    expect([stat(file).mode & 0o777, stat(file).gid]).toEqual([0o640, 4]);
    renameSync(file.path, `${file.path}.1`);
    writeFileSync(file.path, '', { mode: 0o600 });
    file.write('a line', NOON);
    file.close();
    expect([readFileSync(file.path, 'utf8'), stat(file).mode & 0o777, stat(file).gid]).toEqual([
      'a line\n',
      0o640,
      4,
    ]);
  });

  test('without them a file stays as it is', () => {
    folder = testFolder();
    const file = fileAt(join(folder, 'events'));
    writeFileSync(file.path, '', { mode: 0o644 });
    expect(file.open()).toBeNull();
    file.close();
    expect(stat(file).mode & 0o777).toBe(0o644);
  });
});
