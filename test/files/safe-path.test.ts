import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inFolderOf, openFolder, openRegular } from '../../src/files/safe-path.ts';

/** Below /var, because anybody may write into /tmp. */
const BASE = '/var/lib';
const OTHER_USER = 65_534;
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;

let folder: string;
let descriptors: number;
const openDescriptors = () => readdirSync('/proc/self/fd').length;
beforeEach(() => {
  folder = mkdtempSync(join(BASE, 'ps-safe-'));
  for (const name of ['real', 'theirs', 'shared']) mkdirSync(join(folder, name));
  chownSync(join(folder, 'theirs'), OTHER_USER, OTHER_USER);
  chmodSync(join(folder, 'shared'), 0o1777);
  for (const name of ['', 'theirs/', 'shared/'])
    symlinkSync(join(folder, 'real'), join(folder, `${name}link`));
  descriptors = openDescriptors();
});
afterEach(() => {
  expect(openDescriptors()).toBe(descriptors);
  rmSync(folder, { recursive: true });
});

function write(path: string): void {
  const fd = openRegular(join(folder, path), FLAGS, 0o600);
  writeSync(fd, 'x');
  closeSync(fd);
}

describe('fault 28: a symbolic link to a folder', () => {
  test.each(['theirs/link/file', 'shared/link/file', 'link/../theirs/link/file'])(
    '%s is not followed below a folder that others own',
    (path) => {
      expect(() => write(path)).toThrow(
        /^link is a symbolic link below a folder (of user \d+|that others may write to): it is not followed$/,
      );
      expect(readdirSync(join(folder, 'real'))).toEqual([]);
    },
  );

  test('is followed where only root can have made it, also a relative one', () => {
    symlinkSync('real', join(folder, 'relative'));
    symlinkSync('real/../relative', join(folder, 'detour'));
    for (const name of ['link', 'relative', 'detour']) write(`${name}/${name}`);
    expect(readdirSync(join(folder, 'real')).sort()).toEqual(['detour', 'link', 'relative']);
  });

  test('that leads into a folder of others is followed, and the next one is not', () => {
    symlinkSync('theirs', join(folder, 'into'));
    write('into/file');
    expect(existsSync(join(folder, 'theirs/file'))).toBe(true);
    expect(() => write('into/link/file')).toThrow('it is not followed');
  });

  test('that leads to itself ends in an error', () => {
    symlinkSync('loop', join(folder, 'loop'));
    expect(() => write('loop/file')).toThrow('too many symbolic links');
  });
});

test('fault 28: a symbolic link in the place of a file is not followed, whoever made it', () => {
  for (const path of ['to-file', 'theirs/to-file']) {
    symlinkSync(join(folder, 'real/file'), join(folder, path));
    expect(() => write(path)).toThrow('it is a symbolic link, which is not followed');
  }
  expect(readdirSync(join(folder, 'real'))).toEqual([]);
});

test.each<[string, (path: string) => void]>([
  ['a pipe without a reader', (path) => void spawnSync('mkfifo', [path])],
  ['a folder', (path) => mkdirSync(path)],
  ['a device', (path) => void spawnSync('mknod', [path, 'c', '1', '3'])],
])('fault 30: %s in the place of a file is refused at once', (_what, make) => {
  make(join(folder, 'file'));
  expect(() => write('file')).toThrow();
});

test('folders are made where none is, with the mode that is asked for', () => {
  closeSync(openFolder(join(folder, 'one/two'), 0o700));
  expect(statSync(join(folder, 'one/two')).mode & 0o777).toBe(0o700);
  expect(() => openFolder(join(folder, 'three'))).toThrow('ENOENT');
  writeFileSync(join(folder, 'file'), '');
  expect(() => openFolder(join(folder, 'file/two'), 0o700)).toThrow('file is no folder');
});

test('the path that is handed out leads to the folder, also after its name was given to another', () => {
  inFolderOf(join(folder, 'real/file'), (safe) => {
    rmSync(join(folder, 'link'));
    spawnSync('mv', [join(folder, 'real'), join(folder, 'moved')]);
    symlinkSync('theirs', join(folder, 'real'));
    writeFileSync(safe, 'mine');
  });
  expect(readFileSync(join(folder, 'moved/file'), 'utf8')).toBe('mine');
  expect(lstatSync(join(folder, 'real')).isSymbolicLink()).toBe(true);
});
