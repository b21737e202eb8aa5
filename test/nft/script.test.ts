import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { runScript } from '../../src/nft/script.ts';

/** A program in the place of nft that refuses a socket with these words. */
const refusing = (words: string) => `#!/bin/bash
{ text=$(< /dev/stdin); } 2> /dev/null || { echo '${words}' >&2; exit 1; }
[ "$text" != faulty ] || { echo 'Error: syntax error' >&2; exit 1; }
echo "$@: $text"
`;

const folders: string[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function replaceNft(script: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'nft-'));
  folders.push(folder);
  writeFileSync(join(folder, 'nft'), script);
  chmodSync(join(folder, 'nft'), 0o755);
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
}

/** What nft 0.9.8 and 1.0.9 say. */
const REFUSALS = [
  'Could not open file "/dev/stdin": No such device or address',
  'internal:0:0-0: Error: Not a regular file: "/dev/stdin"',
];

test.each(REFUSALS)('an nft that says %j gets a pipe', async (words) => {
  replaceNft(refusing(words));
  expect(await runScript('add table inet x', ['-c'])).toEqual({
    failure: null,
    stdout: '-c -f -: add table inet x\n',
    stderr: '',
  });
});

test.each(REFUSALS)('an error after %j is that of nft', async (words) => {
  replaceNft(refusing(words));
  expect(await runScript('faulty')).toMatchObject({ failure: 'nft: syntax error' });
});
