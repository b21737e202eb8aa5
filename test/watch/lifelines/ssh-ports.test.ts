import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { readSshdSettings } from '../../../src/watch/lifelines/ssh-ports.ts';
import { folderOf } from '../given.ts';

test.each<[string, string, number[]]>([
  ['no port named', 'PermitRootLogin no\n', [22]],
  ['a port', 'Port 2222\n', [22, 2222]],
  ['several', 'Port 2222\nPort 2223\n', [22, 2222, 2223]],
  ['any case, indented, `=`, quotes', '  port = "2222"\nPORT=2223\n', [22, 2222, 2223]],
  ['a comment', '#Port 2222\n', [22]],
  ['another keyword', 'PortForwarding 2222\nGatewayPorts 2223\n', [22]],
  ['no port', 'Port ssh\nPort 0\nPort 65536\nPort 99999999999\nPort\n', [22]],
  ['an address with a port', 'ListenAddress 192.0.2.1:2222\n', [22, 2222]],
  ['a name with a port', 'ListenAddress host.example:2222 rdomain 1\n', [22, 2222]],
  ['an IPv6 address with a port', 'ListenAddress [2001:db8::1]:2222\n', [22, 2222]],
  ['addresses without', 'ListenAddress 0.0.0.0\nListenAddress 2001:db8::1\nListenAddress ::\n', [22]],
])('%s', (_name, text, expected) => {
  expect(portsOf([folderOf({ sshd_config: text })])).toEqual(expected);
});

test('sshd_config.d/*.conf count in each folder, and no other files there', () => {
  const first = folderOf({ 'sshd_config.d/10-port.conf': 'Port 2222\n', 'sshd_config.d/old': 'Port 1\n' });
  const second = folderOf({ sshd_config: 'Port 2223\n' });
  expect(portsOf([first, '/nonexistent', second])).toEqual([22, 2222, 2223]);
});

test('a pipe in place of a file does not block', () => {
  const folder = folderOf({});
  execFileSync('mkfifo', [`${folder}/sshd_config`]);
  expect(portsOf([folder])).toEqual([22]);
});

test.each<[string, string, number | null]>([
  ['sshd’s own limit', '', 120_000],
  ['a longer one, in each form of a time', 'LoginGraceTime 2m30s\nLoginGraceTime=180\n', 180_000],
  ['a shorter one: another file may be the one that counts', 'LoginGraceTime 30\n', 120_000],
  ['none', 'LoginGraceTime 0\n', null],
  ['none, and another one', 'LoginGraceTime 0\nlogingracetime 60\n', null],
  ['no time', 'LoginGraceTime soon\n', null],
  ['a comment', '#LoginGraceTime 0\n', 120_000],
])('LoginGraceTime: %s', (_name, text, expected) => {
  expect(readSshdSettings([folderOf({ sshd_config: text })]).graceMs).toBe(expected);
});

function portsOf(folders: readonly string[]): number[] {
  return [...readSshdSettings(folders).ports];
}
