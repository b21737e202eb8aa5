import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { arch } from 'node:os';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../../src/net/address.ts';
import { accountsWithoutLogin } from '../../../src/watch/sessions/accounts.ts';
import { readLogind } from '../../../src/watch/sessions/logind.ts';
import { readUtmp } from '../../../src/watch/sessions/utmp.ts';
import { folderOf } from '../given.ts';

/** A record of the C library of this machine: its type, process, host and binary address. */
function record(type: number, pid: number, host: string, address = ''): Buffer {
  const isWide = ['arm64', 'riscv64', 'loong64'].includes(arch());
  const bytes = Buffer.alloc(isWide ? 400 : 384);
  bytes.writeInt16LE(type, 0);
  bytes.writeInt32LE(pid, 4);
  bytes.write('pts/0', 8);
  bytes.write('alice', 44);
  bytes.write(host, 76);
  const parsed = parseAddress(address);
  const words =
    parsed === null ? [] : parsed.isV4 ? [parsed.w3] : [parsed.w0, parsed.w1, parsed.w2, parsed.w3];
  for (const [index, word] of words.entries())
    bytes.writeUInt32BE(word >>> 0, (isWide ? 360 : 348) + 4 * index);
  return bytes;
}

describe('utmp', () => {
  test.each<[string, Buffer, string[]]>([
    ['a session with an address', record(7, 42, '10.0.0.9', '10.0.0.9'), ['42 10.0.0.9']],
    ['IPv6', record(7, 42, '2001:db8::9', '2001:db8::9'), ['42 2001:db8::9']],
    ['a name, and the address beside it', record(7, 42, 'host.example', '10.0.0.9'), ['42 10.0.0.9']],
    ['mosh-server', record(7, 42, '10.0.0.9 via mosh [42]'), ['42 10.0.0.9']],
    ['a terminal of this host', record(7, 42, ''), []],
    ['tmux, and an X display', Buffer.concat([record(7, 42, 'tmux(99).%0'), record(7, 43, ':0')]), []],
    ['a session that has ended', record(8, 42, '10.0.0.9', '10.0.0.9'), []],
    ['a cut record', record(7, 42, '10.0.0.9', '10.0.0.9').subarray(0, 300), []],
  ])('%s', (_name, bytes, expected) => {
    const folder = folderOf({});
    writeFileSync(`${folder}/utmp`, Buffer.concat([record(2, 0, '6.1.0', '0.0.0.0'), bytes]));
    const sessions = readUtmp(`${folder}/utmp`);
    expect(sessions.map(({ pid, address }) => `${pid} ${address}`)).toEqual(expected);
    expect(sessions.map(({ user }) => user)).toEqual(expected.map(() => 'alice'));
  });

  test('that is not there has no sessions', () => {
    expect(readUtmp('/nonexistent')).toEqual([]);
  });
});

test('accounts that nobody can log in to, by their shells', () => {
  const passwd = [
    'root:x:0:0:root:/root:/bin/bash',
    'www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin',
    'messagebus:x:100:107::/nonexistent:/bin/false',
    'alice:x:1000:1000:,,,:/home/alice:',
    'cut:x:1',
  ];
  const folder = folderOf({ passwd: passwd.join('\n') });
  expect([...accountsWithoutLogin(`${folder}/passwd`)]).toEqual(['www-data', 'messagebus']);
  expect([...accountsWithoutLogin('/nonexistent')]).toEqual([]);
});

describe('logind', () => {
  const session = (fields: string) =>
    `# This is private data. Do not parse.\nUID=1000\n${fields}\nLEADER=42\n`;

  test.each<[string, string, string[]]>([
    ['a session from another host', session('STATE=active\nREMOTE=1\nREMOTE_HOST=10.0.0.9'), ['42 10.0.0.9']],
    [
      'one that is not at the foreground',
      session('STATE=online\nREMOTE=1\nREMOTE_HOST=2001:db8::9'),
      ['42 2001:db8::9'],
    ],
    [
      'an escaped address',
      session('STATE=active\nREMOTE=1\nREMOTE_HOST=2001\\x3adb8\\x3a\\x3a9'),
      ['42 2001:db8::9'],
    ],
    ['one of this host', session('STATE=active\nREMOTE=0'), []],
    ['a name', session('STATE=active\nREMOTE=1\nREMOTE_HOST=host.example'), []],
    ['one that is closing', session('STATE=closing\nREMOTE=1\nREMOTE_HOST=10.0.0.9'), []],
  ])('%s', (_name, text, expected) => {
    const folder = folderOf({ 3: text });
    execFileSync('mkfifo', [`${folder}/3.ref`]);
    expect(readLogind(folder).map(({ pid, address }) => `${pid} ${address}`)).toEqual(expected);
  });

  test('that is not there has no sessions', () => {
    expect(readLogind('/nonexistent')).toEqual([]);
  });
});
