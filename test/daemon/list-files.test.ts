import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLists, removeList, type StoredList, writeList } from '../../src/daemon/list-files.ts';
import { type Prefix, parsePrefix } from '../../src/net/prefix.ts';
import { testFolder } from '../control/given.ts';

const list = (name: string, note: string | null, ...targets: string[]): StoredList => ({
  name,
  loadedAt: 1_795_354_417_000,
  note,
  prefixes: targets.map((target) => parsePrefix(target) as Prefix),
});

test('lists are read as they were written, until they are removed', async () => {
  const folder = join(testFolder(), 'state');
  expect(readLists(folder)).toEqual([]);
  const drop = list('drop', '/etc/drop.txt', '10.0.0.0/8', '2001:db8::/32');
  const own = list('own', null, '192.0.2.1');
  expect([await writeList(folder, own), await writeList(folder, drop)]).toEqual([null, null]);
  expect(readLists(folder)).toEqual([drop, own]);
  expect(statSync(join(folder, 'list-drop')).mode & 0o777).toBe(0o600);
  expect(await writeList(folder, list('drop', null, '11.0.0.0/8'))).toBeNull();
  expect(readLists(folder).map(({ prefixes }) => prefixes.length)).toEqual([1, 1]);
  expect(removeList(folder, 'drop')).toBeNull();
  expect(removeList(folder, 'drop')).toBeNull();
  expect(readdirSync(folder)).toEqual(['list-own']);
});

test('what is no list of ours is left out, and no link is followed', () => {
  const folder = testFolder();
  mkdirSync(join(folder, 'list-folder'));
  writeFileSync(join(folder, 'list-no-head'), '10.0.0.0/8\n');
  writeFileSync(join(folder, 'list-Upper'), '# loaded 1\n10.0.0.0/8\n');
  writeFileSync(join(folder, 'list-broken'), '# loaded 1\n10.0.0.0/8\nx\n\0\n');
  symlinkSync('/etc/passwd', join(folder, 'list-link'));
  expect(readLists(folder)).toEqual([{ ...list('broken', null, '10.0.0.0/8'), loadedAt: 1 }]);
});

test('a folder that cannot be made is said', async () => {
  const folder = testFolder();
  writeFileSync(join(folder, 'file'), '');
  const failure = await writeList(join(folder, 'file'), list('drop', null, '10.0.0.0/8'));
  expect(failure).toMatch(/file\/list-drop: /);
});
