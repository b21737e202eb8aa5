import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/net/address.ts';
import { formatPrefix, type Prefix, PrefixTable, parsePrefix } from '../../src/net/prefix.ts';

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === null) throw new Error(`not a prefix: ${text}`);
  return parsed;
}

function address(text: string) {
  const parsed = parseAddress(text);
  if (parsed === null) throw new Error(`not an address: ${text}`);
  return parsed;
}

test.each([
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['10.1.2.3/32', '10.1.2.3'],
  ['10.1.2.3', '10.1.2.3'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['2001:db8::ffff/32', '2001:db8::/32'],
  ['2001:db8::1/128', '2001:db8::1'],
  ['::/0', '::/0'],
  // After an address with colons, a length counts all 128 bits.
  ['::ffff:10.1.2.3/104', '10.0.0.0/8'],
  ['::ffff:10.1.2.3/90', '::ffc0:0:0/90'],
])('%s becomes %s', (text, canonical) => {
  expect(formatPrefix(prefix(text))).toBe(canonical);
});

test.each([
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/-1',
  '10.0.0.0/08',
  '10.0.0.0/8/8',
  '::/129',
  '/8',
  'a/8',
  '',
])('"%s" is not a prefix', (text) => {
  expect(parsePrefix(text)).toBeNull();
});

test.each([
  ['10.0.0.0/8', '10.255.255.255', true],
  ['10.0.0.0/8', '11.0.0.0', false],
  ['0.0.0.0/0', '255.255.255.255', true],
  ['0.0.0.0/0', '::', false],
  ['::/0', '2001:db8::1', true],
  // ::/0 means all of IPv6, not all hosts.
  ['::/0', '10.0.0.1', false],
  ['::/80', '10.0.0.1', false],
  ['::ffff:0:0/96', '10.0.0.1', true],
  ['2001:db8::/33', '2001:db8:8000::', false],
])('%s contains %s: %s', (text, member, expected) => {
  const table = new PrefixTable<string>();
  table.set(prefix(text), text);
  expect(table.match(address(member)) === text).toBe(expected);
});

describe('the table', () => {
  test('the longest prefix wins, in any order of insertion', () => {
    const texts = ['10.0.0.0/8', '10.1.2.3', '0.0.0.0/0', '10.1.0.0/16'];
    for (const order of [texts, texts.toReversed()]) {
      const table = new PrefixTable<string>();
      for (const text of order) table.set(prefix(text), text);
      const matches = ['10.1.2.3', '10.1.9.9', '10.9.9.9', '9.9.9.9'].map((text) =>
        table.match(address(text)),
      );
      expect(matches).toEqual(['10.1.2.3', '10.1.0.0/16', '10.0.0.0/8', '0.0.0.0/0']);
    }
  });

  test('an equal prefix replaces the first', () => {
    const table = new PrefixTable<string>();
    table.set(prefix('10.0.0.0/8'), 'old');
    table.set(prefix('10.9.9.9/8'), 'new');
    expect([table.size, table.match(address('10.0.0.1'))]).toEqual([1, 'new']);
  });
});
