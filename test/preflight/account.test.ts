import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatFinding } from '../../src/config/finding.ts';
import { parseConfig } from '../../src/config/load.ts';
import { type Account, findAccount, mayUse, READ, WRITE } from '../../src/preflight/account.ts';
import { userFindings } from '../../src/preflight/check-user.ts';

const STRANGER: Account = { name: 'stranger', uid: 54_321, gid: 54_321 };

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ps-user-'));
  chmodSync(folder, 0o755);
  file = join(folder, 'f');
  writeFileSync(file, '');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('an account may use a file', () => {
  test.each([
    [0o600, false, false],
    [0o644, true, false],
    [0o606, true, true],
    [0o660, false, false],
  ])('mode %o: read %s, write %s', (mode, reads, writes) => {
    chmodSync(file, mode);
    expect([mayUse(STRANGER, file, READ), mayUse(STRANGER, file, WRITE)]).toEqual([reads, writes]);
  });

  test('only in folders that it may search', () => {
    chmodSync(file, 0o644);
    const inner = join(folder, 'inner');
    mkdirSync(inner, { mode: 0o700 });
    writeFileSync(join(inner, 'f'), '', { mode: 0o644 });
    expect(mayUse(STRANGER, file, READ)).toBe(true);
    expect(mayUse(STRANGER, join(inner, 'f'), READ)).toBe(false);
  });

  test('by the mode for the owner or the group when it is one', () => {
    chmodSync(file, 0o604);
    const [uid, gid] = [process.getuid?.() as number, process.getgid?.() as number];
    expect(mayUse({ ...STRANGER, gid }, file, READ)).toBe(false);
    chmodSync(file, 0o400);
    expect(mayUse({ name: 'me', uid, gid: 54_321 }, file, READ)).toBe(true);
  });

  test('only if the file exists', () => {
    expect(mayUse(STRANGER, join(folder, 'none'), READ)).toBe(false);
  });
});

test('accounts are looked up by name', () => {
  expect(findAccount('root')).toEqual({ name: 'root', uid: 0, gid: 0 });
  expect(findAccount('nosuchuser')).toBeNull();
});

describe('USER', () => {
  function linesOf(...lines: string[]): string[] {
    writeFileSync(file, lines.join('\n'));
    const parsed = parseConfig(['IGNORE_FILE=""', ...lines].join('\n'), file);
    return userFindings(parsed).map((finding) => formatFinding(finding).replace(folder, ''));
  }

  test('without it nothing is checked', () => {
    expect(linesOf('KILL_RUN_CMD="/bin/x"')).toEqual([]);
  });

  test('that does not exist is an error, and root is a warning', () => {
    expect(linesOf('USER="nosuchuser"')).toEqual([
      '/f:2:7: error: USER: expected a user of this host, found "nosuchuser"; make it: useradd --system nosuchuser',
    ]);
    expect(linesOf('USER="root"')).toEqual(['/f:2:7: warning: USER="root" is root, which changes nothing']);
  });

  test('that cannot read a file is an error', () => {
    chmodSync(file, 0o600);
    expect(linesOf('USER="nobody"')).toEqual([
      expect.stringMatching(
        /^\/f:2:7: error: USER="nobody" cannot read .*\/f: chgrp \d+ .*\/f && chmod g\+r /,
      ),
    ]);
  });

  test('that cannot go into a folder of what is written is an error, but for STATE_DIR, which becomes its own', () => {
    chmodSync(file, 0o644);
    const closed = join(folder, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    expect(linesOf('USER="nobody"', `EVENT_FILE="${closed}/e"`)).toEqual([
      expect.stringMatching(
        /^\/f:2:7: error: USER="nobody" cannot reach .*\/closed: let nobody through each folder above it, or/,
      ),
    ]);
    const others = ['HISTORY_FILE=""', 'BLOCKED_FILE=""', `STATE_DIR="${closed}"`];
    expect(linesOf('USER="nobody"', `EVENT_FILE="${closed}/e"`, ...others)).toEqual([]);
  });

  test('that will run commands without root is a warning that names them', () => {
    chmodSync(file, 0o644);
    const commands = ['KILL_ROUTE="/bin/x $TARGET$"', 'KILL_RUN_CMD="/bin/y"'];
    expect(linesOf('USER="nobody"', ...commands), 'nothing is run').toEqual([]);
    expect(linesOf('USER="nobody"', ...commands, 'BLOCK_TCP="1"')).toEqual([
      '/f:2:7: warning: USER="nobody": KILL_ROUTE, KILL_RUN_CMD run as nobody with CAP_NET_RAW and CAP_NET_ADMIN; what needs root fails',
    ]);
  });

  test('that cannot write hosts.deny is a warning', () => {
    chmodSync(file, 0o644);
    const deny = 'KILL_HOSTS_DENY="ALL: $TARGET$"';
    expect(linesOf('USER="nobody"', deny), 'it is not written').toEqual([]);
    expect(linesOf('USER="nobody"', deny, 'BLOCK_UDP="1"')).toEqual([
      '/f:2:7: warning: USER="nobody" cannot write /etc/hosts.deny: KILL_HOSTS_DENY will fail each time',
    ]);
  });
});
