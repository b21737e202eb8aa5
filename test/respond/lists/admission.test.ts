import { expect, test } from 'vitest';
import { type Address, parseAddress } from '../../../src/net/address.ts';
import { type Prefix, parsePrefix } from '../../../src/net/prefix.ts';
import { admit } from '../../../src/respond/lists/admission.ts';
import { NeverBlock } from '../../../src/respond/never-block.ts';
import { NO_LIFELINES } from '../../../src/watch/lifelines.ts';

const address = (text: string) => parseAddress(text) as Address;

function never(): NeverBlock {
  const list = new NeverBlock();
  list.setOwn([address('192.0.2.10')], [address('192.0.2.255')]);
  list.setIgnore([
    { prefix: parsePrefix('198.51.100.0/24') as Prefix, text: '198.51.100.0/24', file: 'ignore', line: 1 },
  ]);
  list.setLifelines({
    ...NO_LIFELINES,
    gateways: [{ address: address('192.0.2.1'), of: 'eth0', isDefault: true }],
    resolvers: [{ address: address('203.0.113.53'), of: '/etc/resolv.conf' }],
    opened: [{ peer: address('203.0.113.80'), port: 443 }],
  });
  return list;
}

test.each<[target: string, why: RegExp | null]>([
  ['203.0.113.7', null],
  ['0.0.0.0/0', /wider than \/8/],
  ['128.0.0.0/1', /wider than \/8/],
  ['::/0', /wider than \/16/],
  ['2000::/3', /wider than \/16/],
  ['127.0.0.1', /loopback/],
  ['127.0.0.0/8', /loopback/],
  ['224.0.0.5', /multicast/],
  ['192.0.2.10', /own address/],
  ['192.0.2.0/24', /own address|broadcast|gateway/],
  ['192.0.0.0/8', /own address|broadcast|gateway/],
  ['192.0.2.1', /default gateway 192\.0\.2\.1 of eth0/],
  ['198.51.100.7', /ignore file/],
  // The firewall lets the resolver and the ignored network pass, so the rest of these networks can be shut out.
  ['203.0.113.0/24', null],
  ['198.51.0.0/16', null],
  ['203.0.113.53', /resolver/],
  // To open a connection to an address is no reason to trust it.
  ['203.0.113.80', null],
])('%s', async (target, why) => {
  const { admitted, refused } = await admit([{ prefix: parsePrefix(target) as Prefix }], never());
  expect([admitted.length, refused.length]).toEqual(why === null ? [1, 0] : [0, 1]);
  if (why !== null) expect(refused[0]?.why).toMatch(why);
});
