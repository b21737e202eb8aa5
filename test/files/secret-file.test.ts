import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readSecret } from '../../src/files/secret-file.ts';

function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-secret-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Given {
  readonly text?: string;
  readonly mode?: number;
  readonly uid?: number;
}

function secretFile({ text = 's3cr3t\n', mode = 0o600, uid = 0 }: Given = {}): string {
  const path = join(testFolder(), 'secret');
  writeFileSync(path, text);
  chownSync(path, uid, 0);
  chmodSync(path, mode);
  return path;
}

test.each([0o600, 0o400, 0o640, 0o440])('a file of mode %o is read', (mode) => {
  expect(readSecret(secretFile({ mode }))).toEqual({ secret: 's3cr3t' });
});

test.each<[given: Given, trouble: string]>([
  [{ mode: 0o644 }, 'others may read or write it: chmod 600 FILE'],
  [{ mode: 0o602 }, 'others may read or write it: chmod 600 FILE'],
  [{ mode: 0o660 }, 'others may read or write it: chmod 600 FILE'],
  [{ uid: 4_711 }, 'it belongs to user 4711: chown root FILE'],
  [{ text: ' \n' }, 'expected a secret, found an empty file'],
  [{ text: 'one\r\nX-Evil: two' }, 'expected one line of ASCII, found other characters or more lines'],
  [{ text: 'schlüssel' }, 'expected one line of ASCII, found other characters or more lines'],
  [{ text: 'x'.repeat(5_000) }, 'expected a secret of at most 4096 octets, found more'],
])('%j is refused, and not shown', (given, trouble) => {
  const path = secretFile(given);
  expect(readSecret(path)).toEqual({ trouble: `${path}: ${trouble.replace('FILE', path)}` });
});

test('what is no file, or may be somebody else’s link, is refused at once', () => {
  const folder = testFolder();
  expect(readSecret(join(folder, 'none'))).toEqual({
    trouble: `${join(folder, 'none')}: there is no such file`,
  });
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  expect(readSecret(pipe)).toEqual({ trouble: `${pipe}: it is not a regular file` });
  const theirs = join(folder, 'theirs');
  mkdirSync(theirs);
  chownSync(theirs, 4_711, 0);
  symlinkSync('/etc', join(theirs, 'etc'));
  expect(readSecret(join(theirs, 'etc/shadow'))).toMatchObject({
    trouble: expect.stringContaining('symbolic link'),
  });
});
