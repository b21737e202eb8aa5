import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { runScript } from '../../src/nft/script.ts';

/** A program in the place of nft that opens its input, as 0.9.8 does. */
const OPENS_INPUT = `#!/bin/bash
{ text=$(< /dev/stdin); } 2> /dev/null || { echo 'Could not open file "/dev/stdin": No such device or address' >&2; exit 1; }
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

test('an nft that opens its input gets a pipe that it can open', async () => {
  replaceNft(OPENS_INPUT);
  expect(await runScript('add table inet x', ['-c'])).toEqual({
    failure: null,
    stdout: '-c -f -: add table inet x\n',
    stderr: '',
  });
});

test('its errors are those of nft', async () => {
  replaceNft(OPENS_INPUT);
  expect(await runScript('faulty')).toMatchObject({ failure: 'nft: syntax error' });
});
