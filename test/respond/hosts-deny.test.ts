import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allowInHostsFile, denyInHostsFile, hostsDenyLine } from '../../src/respond/hosts-deny.ts';
import { blockOf, testFolder } from './given.ts';

const LINES: [template: string, source: string, line: string][] = [
  ['ALL: $TARGET$', '10.99.0.1', 'ALL: 10.99.0.1'],
  ['ALL: $TARGET$ : DENY', '10.99.0.1', 'ALL: 10.99.0.1 : DENY'],
  ['ALL: $TARGET$ : DENY', '2001:db8::1', 'ALL: [2001:db8::1] : DENY'],
  ['ALL: $TARGET$ : DENY', '2001:db8::/64', 'ALL: [2001:db8::]/64 : DENY'],
  ['ALL: $TARGET$', '10.99.0.0/24', 'ALL: 10.99.0.0/24'],
  ['ALL: [$TARGET$] : DENY', '2001:db8::1', 'ALL: [2001:db8::1] : DENY'],
  [
    'ALL: $TARGET$ : spawn (/bin/echo \\%c \\%h $PORT$) : DENY',
    '10.99.0.1',
    'ALL: 10.99.0.1 : spawn (/bin/echo %c %h 111) : DENY',
  ],
  ['ALL: $TARGET$ : spawn (/bin/echo %h a\\b)', '10.99.0.1', 'ALL: 10.99.0.1 : spawn (/bin/echo %h a\\b)'],
];

test.each(LINES)('%j for %s is %j', (template, source, line) => {
  expect(hostsDenyLine(template, blockOf(source))).toBe(line);
});

const FILES: [what: string, before: string, after: string][] = [
  ['an empty file', '', 'ALL: 10.99.0.1\n'],
  ['a file with other lines', '# ours\nALL: 10.99.0.2\n', '# ours\nALL: 10.99.0.2\nALL: 10.99.0.1\n'],
  ['a file without a final newline', 'ALL: 10.99.0.2', 'ALL: 10.99.0.2\nALL: 10.99.0.1\n'],
  ['a file that has the line', 'ALL: 10.99.0.1\n#\n', 'ALL: 10.99.0.1\n#\n'],
  ['a file that has the line with trailing blanks', 'ALL: 10.99.0.1 \r\n', 'ALL: 10.99.0.1 \r\n'],
  ['a file that has it last, without a newline', 'ALL: 10.99.0.1', 'ALL: 10.99.0.1'],
  ['a file with a longer line', 'ALL: 10.99.0.12\n', 'ALL: 10.99.0.12\nALL: 10.99.0.1\n'],
];

const ADDED = { failure: null, added: true };

function failed(reason: RegExp) {
  return { failure: expect.stringMatching(reason), added: false };
}

describe('the line is written into', () => {
  test.each(FILES)('%s', async (_what, before, after) => {
    const path = join(testFolder(), 'hosts.deny');
    writeFileSync(path, before);
    expect(await denyInHostsFile(path, 'ALL: 10.99.0.1')).toEqual({ failure: null, added: before !== after });
    expect(readFileSync(path, 'utf8')).toBe(after);
  });

  test('a new file that everybody can read, whatever the umask', async () => {
    const path = join(testFolder(), 'hosts.deny');
    expect(await underUmask(0o077, () => denyInHostsFile(path, 'ALL: 10.99.0.1'))).toEqual(ADDED);
    expect(statSync(path).mode & 0o7777).toBe(0o644);
    expect(readFileSync(path, 'utf8')).toBe('ALL: 10.99.0.1\n');
  });

  test('a file whose own mode is kept', async () => {
    const path = join(testFolder(), 'hosts.deny');
    writeFileSync(path, '');
    chmodSync(path, 0o640);
    await denyInHostsFile(path, 'ALL: 10.99.0.1');
    expect(statSync(path).mode & 0o7777).toBe(0o640);
  });
});

// "TCP and UDP processes do not know of each other: one host, two lines in hosts.deny."
test('a line that another process wrote is not written again', async () => {
  const path = join(testFolder(), 'hosts.deny');
  execFileSync('/bin/sh', ['-c', 'echo "ALL: 10.99.0.1" >> "$0"', path]);
  await denyInHostsFile(path, 'ALL: 10.99.0.1');
  expect(readFileSync(path, 'utf8')).toBe('ALL: 10.99.0.1\n');
});

test('a hundred calls at once write each line once', async () => {
  const path = join(testFolder(), 'hosts.deny');
  const lines = Array.from({ length: 100 }, (_, index) => `ALL: 10.99.0.${index % 10}`);
  const ends = await Promise.all(lines.map((line) => denyInHostsFile(path, line)));
  expect(ends).toEqual(lines.map((_, index) => ({ failure: null, added: index < 10 })));
  expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toEqual(lines.slice(0, 10));
});

describe('an error is one line and does not stop the next call:', () => {
  test('a missing folder', async () => {
    const folder = testFolder();
    expect(await denyInHostsFile(join(folder, 'none', 'hosts.deny'), 'x')).toEqual(
      failed(/^ENOENT.*none\/hosts\.deny'$/),
    );
    expect(await denyInHostsFile(join(folder, 'hosts.deny'), 'x')).toEqual(ADDED);
  });

  test('a folder in its place', async () => {
    const path = join(testFolder(), 'hosts.deny');
    mkdirSync(path);
    expect(await denyInHostsFile(path, 'x')).toEqual(failed(/^EISDIR/));
  });

  test('a device in its place', async () => {
    expect(await denyInHostsFile('/dev/null', 'x')).toEqual(failed(/^\/dev\/null is not a regular file$/));
  });
});

// `ALL: 10.` would block sixteen million hosts.
test('a disk that fills up in the middle of the line keeps nothing of it', async () => {
  const path = join(testFolder(), 'hosts.deny');
  const before = `# ${'x'.repeat(500)}\n`;
  writeFileSync(path, before);
  const end = await withFilesUpTo(512, () => denyInHostsFile(path, 'ALL: 10.99.0.1 : DENY'));
  expect(end).toEqual(failed(/^EFBIG/));
  expect(readFileSync(path, 'utf8')).toBe(before);
});

const REMOVALS: [what: string, before: string, after: string][] = [
  ['a file that has it', '# ours\nALL: 10.99.0.1\nALL: 10.99.0.2\n', '# ours\nALL: 10.99.0.2\n'],
  ['a file that has it last, without a newline', 'ALL: 10.99.0.2\nALL: 10.99.0.1', 'ALL: 10.99.0.2'],
  ['a file that has it twice: the last one', 'ALL: 10.99.0.1\n#\nALL: 10.99.0.1\n', 'ALL: 10.99.0.1\n#\n'],
  ['a file that has only a longer line', 'ALL: 10.99.0.12\n', 'ALL: 10.99.0.12\n'],
  ['an empty file', '', ''],
];

describe('the line is removed from', () => {
  test.each(REMOVALS)('%s', async (_what, before, after) => {
    const path = join(testFolder(), 'hosts.deny');
    writeFileSync(path, before, { mode: 0o640 });
    expect(await allowInHostsFile(path, ['ALL: 10.99.0.1'])).toBeNull();
    expect(readFileSync(path, 'utf8')).toBe(after);
    expect(statSync(path).mode & 0o7777).toBe(0o640);
  });

  test('a file together with many others', async () => {
    const path = join(testFolder(), 'hosts.deny');
    const lines = Array.from({ length: 1_000 }, (_, index) => `ALL: 10.99.${index >>> 8}.${index & 255}`);
    writeFileSync(path, `# ours\n${lines.join('\n')}\nALL: 10.98.0.1\n`);
    expect(await allowInHostsFile(path, lines)).toBeNull();
    expect(readFileSync(path, 'utf8')).toBe('# ours\nALL: 10.98.0.1\n');
  });

  test('a file behind a symbolic link, and the link stays', async () => {
    const folder = testFolder();
    writeFileSync(join(folder, 'real'), 'ALL: 10.99.0.1\n');
    symlinkSync('real', join(folder, 'hosts.deny'));
    expect(await allowInHostsFile(join(folder, 'hosts.deny'), ['ALL: 10.99.0.1'])).toBeNull();
    expect(readFileSync(join(folder, 'real'), 'utf8')).toBe('');
    expect(lstatSync(join(folder, 'hosts.deny')).isSymbolicLink()).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['hosts.deny', 'real']);
  });

  test('a missing file, which is no failure', async () => {
    expect(await allowInHostsFile(join(testFolder(), 'hosts.deny'), ['x'])).toBeNull();
  });

  test('a file on a full disk, which stays whole and alone', async () => {
    const folder = testFolder();
    const path = join(folder, 'hosts.deny');
    const before = `# ${'x'.repeat(2_000)}\nALL: 10.99.0.1\n`;
    writeFileSync(path, before);
    expect(await withFilesUpTo(512, () => allowInHostsFile(path, ['ALL: 10.99.0.1']))).toMatch(/^EFBIG/);
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(readdirSync(folder)).toEqual(['hosts.deny']);
  });
});

/** Runs with a limit on the size of files, which fails a write halfway as a full disk does. */
async function withFilesUpTo<T>(bytes: number, run: () => Promise<T>): Promise<T> {
  const setLimit = (limit: string) =>
    execFileSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${limit}:`]);
  const ignore = () => {};
  process.on('SIGXFSZ', ignore);
  setLimit(`${bytes}`);
  try {
    return await run();
  } finally {
    setLimit('unlimited');
    process.off('SIGXFSZ', ignore);
  }
}

async function underUmask<T>(mask: number, run: () => Promise<T>): Promise<T> {
  const before = process.umask(mask);
  try {
    return await run();
  } finally {
    process.umask(before);
  }
}
