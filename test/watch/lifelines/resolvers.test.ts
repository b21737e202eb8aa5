import { expect, test } from 'vitest';
import { readResolvers } from '../../../src/watch/lifelines/resolvers.ts';
import { folderOf } from '../given.ts';

const UPSTREAM = 'nameserver 192.0.2.53\nnameserver 2001:db8::53\n';

test.each<[string, string, string[]]>([
  ['each server', 'nameserver 192.0.2.1\nnameserver 192.0.2.2\n', ['192.0.2.1', '192.0.2.2']],
  ['each once', 'nameserver 192.0.2.1\nnameserver 192.0.2.1\n', ['192.0.2.1']],
  ['tabs, and a comment behind', 'nameserver\t192.0.2.1 # ours\n', ['192.0.2.1']],
  ['CRLF line ends', 'nameserver 192.0.2.1\r\n', ['192.0.2.1']],
  ['a link-local server of one interface', 'nameserver fe80::1%eth0\n', ['fe80::1']],
  ['comments and other keywords', '#nameserver 192.0.2.9\n; x\nsearch a.example\nnameserver ::2', ['::2']],
  ['a name instead of an address', 'nameserver dns.example\nnameserver 192.0.2.1\n', ['192.0.2.1']],
  [
    'behind a stub, the servers that it asks',
    'nameserver 127.0.0.53\noptions edns0\n',
    ['127.0.0.53', '192.0.2.53', '2001:db8::53'],
  ],
  ['a stub among others: only these', 'nameserver ::1\nnameserver 192.0.2.1\n', ['::1', '192.0.2.1']],
  ['a file that names none', 'search a.example\n', ['192.0.2.53', '2001:db8::53']],
])('%s', (_name, text, expected) => {
  const folder = folderOf({ 'resolv.conf': text, upstream: UPSTREAM });
  const upstream = [`${folder}/upstream`, `${folder}/missing`];
  const found = readResolvers(`${folder}/resolv.conf`, upstream);
  expect(found.map(({ address }) => String(address))).toEqual(expected);
});

test('at most 32 servers are taken from an endless file', () => {
  const lines = Array.from({ length: 5_000 }, (_, index) => `nameserver 10.1.${index >> 8}.${index & 255}\n`);
  const folder = folderOf({ 'resolv.conf': lines.join('') });
  expect(readResolvers(`${folder}/resolv.conf`, [])).toHaveLength(32);
});

test('each server has the first file that names it', () => {
  const folder = folderOf({ 'resolv.conf': 'nameserver 127.0.0.53\n', upstream: UPSTREAM });
  const files = [`${folder}/upstream`];
  const found = readResolvers(`${folder}/resolv.conf`, [...files, ...files]);
  expect(found.map(({ of }) => of.slice(folder.length + 1))).toEqual(['resolv.conf', 'upstream', 'upstream']);
});
