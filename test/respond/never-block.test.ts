import { describe, expect, test } from 'vitest';
import { type Address, parseAddress } from '../../src/net/address.ts';
import { parseIgnoreFile } from '../../src/respond/ignore-file.ts';
import { NeverBlock } from '../../src/respond/never-block.ts';

const BUILT_IN: [address: string, rule: string | null][] = [
  ['0.0.0.0', 'unspecified'],
  ['0.1.2.3', 'unspecified'],
  ['1.0.0.0', null],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['128.0.0.1', null],
  ['223.255.255.255', null],
  ['224.0.0.1', 'multicast'],
  ['239.255.255.250', 'multicast'],
  ['240.0.0.1', null],
  ['255.255.255.254', null],
  ['255.255.255.255', 'broadcast'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::2', null],
  ['::ffff:127.0.0.1', 'loopback'],
  ['fe80::1', null],
  ['2001:db8::1', null],
  ['feff::1', null],
  ['ff02::1', 'multicast'],
];

test.each(BUILT_IN)('with nothing configured the rule for %s is %j', (text, rule) => {
  expect(new NeverBlock().ruleFor(address(text))).toBe(rule);
});

describe('the ignore file', () => {
  const never = new NeverBlock();
  never.setIgnore(ignore('10.0.0.0/8\n10.1.0.0/16\n192.0.2.7\n2001:db8::/32\n172.16.0.0/255.240.0.0\n'));

  test.each([
    ['10.200.0.1', 'ignore file 10.0.0.0/8'],
    ['10.1.2.3', 'ignore file 10.1.0.0/16'],
    ['11.0.0.1', null],
    ['192.0.2.7', 'ignore file 192.0.2.7'],
    ['192.0.2.8', null],
    ['172.31.255.255', 'ignore file 172.16.0.0/255.240.0.0'],
    ['172.32.0.0', null],
    ['2001:db8:ffff::1', 'ignore file 2001:db8::/32'],
    ['2001:db9::1', null],
  ])('for %s gives the rule %j', (text, rule) => {
    expect(never.ruleFor(address(text))).toBe(rule);
  });

  test('replaces its earlier entries when it is read again', () => {
    const reread = new NeverBlock();
    reread.setIgnore(ignore('10.0.0.0/8'));
    reread.setIgnore(ignore('192.0.2.0/24'));
    expect(reread.ruleFor(address('10.0.0.1'))).toBeNull();
    expect(reread.ruleFor(address('192.0.2.1'))).toBe('ignore file 192.0.2.0/24');
  });

  test('that spares all of one family does not spare the other', () => {
    const every6 = new NeverBlock();
    every6.setIgnore(ignore('::/0'));
    expect(every6.ruleFor(address('2001:db8::1'))).toBe('ignore file ::/0');
    expect(every6.ruleFor(address('192.0.2.1'))).toBeNull();
  });
});

describe('this host', () => {
  test('is spared by its addresses and broadcasts, of both families', () => {
    const never = new NeverBlock();
    never.setOwn([address('10.99.0.2'), address('2001:db8::2')], [address('10.99.0.255')]);
    expect(never.ruleFor(address('10.99.0.2'))).toBe('own address');
    expect(never.ruleFor(address('2001:db8::2'))).toBe('own address');
    expect(never.ruleFor(address('10.99.0.255'))).toBe('broadcast');
    expect(never.ruleFor(address('10.99.0.1'))).toBeNull();
  });

  test('is named as the rule even when the ignore file has the same address', () => {
    const never = new NeverBlock();
    never.setOwn([address('10.99.0.2')], []);
    never.setIgnore(ignore('10.99.0.2'));
    expect(never.ruleFor(address('10.99.0.2'))).toBe('own address');
  });

  test('that has lost an address does not spare it any more', () => {
    const never = new NeverBlock();
    never.setOwn([address('10.99.0.2')], []);
    never.setOwn([address('10.99.0.3')], []);
    expect(never.ruleFor(address('10.99.0.2'))).toBeNull();
  });
});

test('learned addresses have the name of their list as the rule', () => {
  const never = new NeverBlock();
  never.setLearned('gateway', [address('10.99.0.1')]);
  never.setLearned('resolver', [address('192.0.2.53'), address('2001:db8::53')]);
  expect(never.ruleFor(address('10.99.0.1'))).toBe('gateway');
  expect(never.ruleFor(address('2001:db8::53'))).toBe('resolver');
  never.setLearned('gateway', []);
  expect(never.ruleFor(address('10.99.0.1'))).toBeNull();
  expect(never.ruleFor(address('192.0.2.53'))).toBe('resolver');
});

// "One forged packet with the gateway's address blocks the gateway", and similar reports. A source that this host
// depends on, or that is no host, is never blocked.
test.each(['10.99.0.2', '0.0.0.0', '255.255.255.255', '224.0.0.5'])(
  'a packet forged from %s blocks nobody',
  (source) => {
    const never = new NeverBlock();
    never.setOwn([address('10.99.0.2')], []);
    expect(never.ruleFor(address(source))).not.toBeNull();
  },
);

function address(text: string): Address {
  return parseAddress(text) as Address;
}

function ignore(text: string) {
  return parseIgnoreFile(text, 'portsentry.ignore').entries;
}
