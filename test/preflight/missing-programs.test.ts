import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { missingPrograms } from '../../src/preflight/missing-programs.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portsentry-programs-'));
  writeFileSync(join(folder, 'here'), '#!/bin/sh\n');
  chmodSync(join(folder, 'here'), 0o755);
  writeFileSync(join(folder, 'plain'), '');
  chmodSync(join(folder, 'plain'), 0o644);
  mkdirSync(join(folder, 'dir'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['here $TARGET$ && echo x; cd / || exit 1', []],
  ['X=1 here', []],
  ['FOLDER/here; $SHELL -c x; ./here', []],
  ['gone $TARGET$; here; gone again', ['gone is in no folder of FOLDER']],
  ['here || FOLDER/gone', ['FOLDER/gone does not exist on this host']],
  ['FOLDER/plain', ['FOLDER/plain may not be executed (EACCES)']],
  ['FOLDER/dir | plain', ['FOLDER/dir is no program', 'plain is in no folder of FOLDER']],
  ['/nowhere/x `y`', ['/nowhere/x does not exist on this host']],
  ['for i in 1; do gone; done', []],
])('%s', (command, missing) => {
  const found = missingPrograms(command.replaceAll('FOLDER', folder), folder);
  expect(found.map((text) => text.replaceAll(folder, 'FOLDER'))).toEqual(missing);
});
