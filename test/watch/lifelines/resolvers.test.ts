import { expect, test } from 'vitest';
import { type ResolverFiles, readResolvers } from '../../../src/watch/lifelines/resolvers.ts';
import { folderOf } from '../given.ts';

const NO_FILES: ResolverFiles = { resolvConf: [], unbound: [], dnsmasq: [] };

test.each<[string, string, string[]]>([
  ['each server', 'nameserver 192.0.2.1\nnameserver 192.0.2.2\n', ['192.0.2.1', '192.0.2.2']],
  ['each once', 'nameserver 192.0.2.1\nnameserver 192.0.2.1\n', ['192.0.2.1']],
  ['tabs, and a comment behind', 'nameserver\t192.0.2.1 # ours\n', ['192.0.2.1']],
  ['CRLF line ends', 'nameserver 192.0.2.1\r\n', ['192.0.2.1']],
  ['a link-local server of one interface', 'nameserver fe80::1%eth0\n', ['fe80::1']],
  ['comments and other keywords', '#nameserver 192.0.2.9\n; x\nsearch a.example\nnameserver ::2', ['::2']],
  ['a name instead of an address', 'nameserver dns.example\nnameserver 192.0.2.1\n', ['192.0.2.1']],
  ['a file that names none', 'search a.example\n', []],
])('resolv.conf: %s', (_name, text, expected) => {
  const folder = folderOf({ 'resolv.conf': text });
  expect(named({ resolvConf: [`${folder}/resolv.conf`, `${folder}/missing`] })).toEqual(expected);
});

test.each<[string, string, string[]]>([
  [
    'forwarders',
    'forward-zone:\n  name: "."\n  forward-addr: 192.0.2.1\n  forward-addr: ::2@853#dns.example\n',
    ['192.0.2.1', '::2'],
  ],
  ['stubs, in quotes', 'stub-addr: "192.0.2.1"\n', ['192.0.2.1']],
  ['comments, and forwarders by name', '# forward-addr: 192.0.2.9\nforward-host: dns.example\n', []],
])('unbound: %s', (_name, text, expected) => {
  const folder = folderOf({ 'unbound.conf.d/a.conf': text });
  expect(named({ unbound: [`${folder}/unbound.conf`, `${folder}/unbound.conf.d/`] })).toEqual(expected);
});

test.each<[string, string, string[]]>([
  ['a server', 'server=192.0.2.1\nserver=192.0.2.2#5353\n', ['192.0.2.1', '192.0.2.2']],
  ['one of a domain', 'server=/example.com/sub.example/192.0.2.1@eth0\n', ['192.0.2.1']],
  ['one of reverse names', 'rev-server=10.0.0.0/8,192.0.2.1\n', ['192.0.2.1']],
  ['a domain without a server, and a comment', 'server=/local/\n#server=192.0.2.9\n', []],
])('dnsmasq: %s', (_name, text, expected) => {
  const folder = folderOf({ 'dnsmasq.conf': text });
  expect(named({ dnsmasq: [`${folder}/dnsmasq.conf`] })).toEqual(expected);
});

test('at most 256 servers are taken from an endless file', () => {
  const lines = Array.from({ length: 5_000 }, (_, index) => `nameserver 10.1.${index >> 8}.${index & 255}\n`);
  const folder = folderOf({ 'resolv.conf': lines.join('') });
  expect(named({ resolvConf: [`${folder}/resolv.conf`] })).toHaveLength(256);
});

test('each server has the first file that names it', () => {
  const folder = folderOf({
    a: 'nameserver 127.0.0.53\n',
    b: 'nameserver 192.0.2.1\nnameserver 127.0.0.53\n',
  });
  const found = readResolvers({ ...NO_FILES, resolvConf: [`${folder}/a`, `${folder}/b`] });
  expect(found.map(({ of }) => of.slice(folder.length + 1))).toEqual(['a', 'b']);
});

function named(files: Partial<ResolverFiles>): string[] {
  return readResolvers({ ...NO_FILES, ...files }).map(({ address }) => String(address));
}
