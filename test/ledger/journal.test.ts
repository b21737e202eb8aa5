import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Failure } from '../../src/commands/failure.ts';
import { Journal, MAX_PENDING_LENGTH } from '../../src/ledger/journal.ts';
import { LogFile } from '../../src/ledger/log-file.ts';
import { testFolder } from '../respond/given.ts';
import { eventually } from '../support/eventually.ts';
import { withFileSizeLimit } from '../support/file-size-limit.ts';

const TROUBLE = /; blocks made now would be forgotten at a restart; it is tried again$/;
const RECOVERY = 'is written again, and holds everything';

let path: string;
let journal: Journal;
/** What a snapshot holds: all lines that were appended. */
let known: string[];
/** The logged lines, without the path at their start. */
let logged: string[];

beforeEach(() => {
  path = join(testFolder(), 'ledger');
  known = [];
  logged = [];
  start(() => [...known]);
});

function start(snapshot: () => Iterable<string>, trouble: Failure = null): void {
  const tell = (text: string) => logged.push(text.replace(`${path}: `, ''));
  journal = new Journal({ path, snapshot, tell });
  onTestFinished(() => journal.close());
  journal.start(trouble === null ? LogFile.open(path) : null, 0, trouble);
}

function replaceFile(path: string): void {
  renameSync(path, `${path}.old`);
  writeFileSync(path, 'other\n');
}

function append(...lines: string[]): void {
  for (const line of lines) {
    known.push(`${line}\n`);
    journal.append(`${line}\n`);
  }
}

function expectFile(lines: readonly string[]): void {
  expect(readFileSync(path, 'utf8')).toBe(lines.join(''));
  expect(journal.lines).toBe(lines.length);
  expect(existsSync(`${path}.new`)).toBe(false);
}

describe('appended lines', () => {
  test('are in the file at the end of the turn', async () => {
    append('one', 'two');
    expect(statSync(path).size).toBe(0);
    await nextTurn();
    expectFile(['one\n', 'two\n']);
  });

  test('are on the disk when durable resolves', async () => {
    append('one');
    expect(await journal.durable()).toBeNull();
    expectFile(['one\n']);
  });

  test('are in the file after a close', async () => {
    append('one');
    await journal.close();
    expectFile(['one\n']);
    expect(logged).toEqual([]);
  });
});

describe('a file that others have changed is rewritten:', () => {
  test.each([
    ['is gone', () => rmSync(path)],
    ['is gone', () => rmSync(join(path, '..'), { recursive: true })],
    ['was cut off', () => truncateSync(path, 2)],
    ['was replaced', () => replaceFile(path)],
  ])('it %s', async (fault, change) => {
    append('one', 'two');
    await nextTurn();
    change();
    journal.tick();
    append('three');
    expect(await journal.durable()).toBeNull();
    expectFile(known);
    expect(logged).toEqual([`${fault}; it was written anew`]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('a close notices it, too', async () => {
    append('one');
    await nextTurn();
    rmSync(path);
    await journal.close();
    expectFile(['one\n']);
  });

  test('a symbolic link in its place is not followed', async () => {
    append('one');
    await nextTurn();
    const target = join(testFolder(), 'target');
    writeFileSync(target, 'theirs\n');
    rmSync(path);
    symlinkSync(target, path);
    journal.tick();
    expect(await journal.durable()).toMatch(
      /cannot be written anew: it is a symbolic link, which is not followed$/,
    );
    expect(readFileSync(target, 'utf8')).toBe('theirs\n');
    rmSync(path);
    journal.tick();
    expect(await journal.durable()).toBeNull();
    expectFile(['one\n']);
    expect(logged).toEqual([expect.stringMatching(TROUBLE), RECOVERY]);
  });
});

describe('a rewrite', () => {
  test('drops what is no longer known, and keeps lines that arrive meanwhile', async () => {
    await journal.close();
    start(function* () {
      yield 'two\n';
      append('three');
    });
    append('one', 'two');
    journal.rewrite();
    expect(await journal.durable()).toBeNull();
    expectFile(['two\n', 'three\n']);
    append('four');
    expect(await journal.durable()).toBeNull();
    expectFile(['two\n', 'three\n', 'four\n']);
    expect(logged).toEqual([]);
  });

  test('that fails leaves the file in use, and is logged once', async () => {
    mkdirSync(`${path}.new`);
    append('one');
    for (let attempt = 0; attempt < 3; attempt++) {
      journal.rewrite();
      expect(await journal.durable()).toBeNull();
      for (let tick = 0; tick < 10; tick++) journal.tick();
    }
    append('two');
    expect(await journal.durable()).toBeNull();
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
    expect(logged).toEqual([expect.stringMatching(/^is longer than need be, and cannot be written anew: /)]);
  });

  test('is attempted less and less often', async () => {
    let attempts = 0;
    await journal.close();
    start(() => {
      attempts++;
      return [];
    });
    for (let tick = 0; tick < 100; tick++) {
      journal.rewrite();
      await journal.durable();
      journal.tick();
    }
    // After 0, 1, 3, 7, 15, 31, 63 and 95 ticks.
    expect(attempts).toBe(8);
  });

  test('that would only shorten the file is given up at a close', async () => {
    await journal.close();
    start(function* () {
      for (;;) yield 'line\n';
    });
    append('one');
    journal.rewrite();
    await eventually(() => expect(existsSync(`${path}.new`)).toBe(true));
    await journal.close();
    expectFile(['one\n']);
    expect(logged).toEqual([]);
  });
});

describe('on a full disk', () => {
  const LONG = 'x'.repeat(100);

  test('lines wait, and half a line does not stay', async () => {
    await withFileSizeLimit(256, async () => {
      append(LONG, LONG, LONG);
      await nextTurn();
      expect(readFileSync(path, 'utf8')).toBe(`${LONG}\n${LONG}\n`);
      append('last');
      expect(await journal.durable()).toMatch(/ledger: cannot be written: file too large$/);
    });
    expect(logged).toEqual([expect.stringMatching(TROUBLE)]);
    journal.tick();
    expectFile(known);
    expect(await journal.durable()).toBeNull();
    expect(logged).toEqual([expect.stringMatching(TROUBLE), RECOVERY]);
  });

  test('a close tries once more', async () => {
    await withFileSizeLimit(64, async () => {
      append(LONG);
      await nextTurn();
    });
    await journal.close();
    expectFile(known);
  });

  test('too many waiting lines are dropped, and the file is rewritten when there is room', async () => {
    const many = Array.from({ length: MAX_PENDING_LENGTH / LONG.length + 1 }, () => LONG);
    await withFileSizeLimit(64, async () => {
      append(...many, ...many);
      await nextTurn();
      expect(await journal.durable()).toMatch(/ledger: cannot be written/);
    });
    journal.tick();
    journal.tick();
    expect(await journal.durable()).toBeNull();
    expectFile(known);
    expect(logged).toEqual([expect.stringMatching(TROUBLE), RECOVERY]);
  });
});

test('without a file it logs the reason, and creates the file when it can', async () => {
  await journal.close();
  rmSync(path);
  start(() => [...known], 'cannot be opened to write: no such device');
  append('one');
  await nextTurn();
  expect(existsSync(path)).toBe(false);
  expect(await journal.durable()).toBeNull();
  expectFile(['one\n']);
  expect(logged).toEqual([expect.stringMatching(TROUBLE), RECOVERY]);
});
