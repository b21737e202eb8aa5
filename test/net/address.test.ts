import { describe, expect, test } from 'vitest';
import { Address, parseAddress } from '../../src/net/address.ts';

describe('an address and its canonical text', () => {
  test.each([
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['192.0.2.7', '192.0.2.7'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8::A', '2001:db8::a'],
    ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['64:ff9b::192.0.2.7', '64:ff9b::c000:207'],
    ['1:2:3:4:5:6:192.0.2.7', '1:2:3:4:5:6:c000:207'],
  ])('%s becomes %s', (text, canonical) => {
    expect(parseAddress(text)?.toString()).toBe(canonical);
  });
});

test.each([
  '',
  '1',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.4 ',
  '0x1.2.3.4',
  '1.2.3.-4',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7::8:9',
  '12345::',
  'g::',
  'fe80::1%eth0',
  '1.2.3.4::',
  '::1.2.3.4:5',
  '::1.2.3',
  '2001:db8::/32',
])('"%s" is not an address', (text) => {
  expect(parseAddress(text)).toBeNull();
});

test('a copied address does not change with its original', () => {
  const reused = new Address();
  reused.setV4(0xc0000207);
  const kept = Address.from(reused);
  reused.set(new Address(0x20010db8, 0, 0, 1));
  expect([kept.toString(), reused.toString()]).toEqual(['192.0.2.7', '2001:db8::1']);
  expect(kept.equals(Address.v4(0xc0000207))).toBe(true);
  expect(kept.equals(reused)).toBe(false);
});

test.each([
  [new Address(1, 0, 0xffff, 5), new Address(0, 0, 0xffff, 5)],
  [new Address(0, 1, 0xffff, 5), new Address(0, 0, 0xffff, 5)],
  [new Address(0, 0, 0xfffe, 5), new Address(0, 0, 0xffff, 5)],
])('every word counts: %s is not %s', (one, other) => {
  expect(one.equals(other)).toBe(false);
  expect([one.isV4, other.isV4]).toEqual([false, true]);
});
