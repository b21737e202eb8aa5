import { expect, test } from 'vitest';
import { readBlocks } from '../../../src/firewall/ipset/listing.ts';
import { NOW } from '../given.ts';

test('addresses and prefixes, with and without a time-out', () => {
  const text = `create portsentry4 hash:net family inet hashsize 1024 maxelem 196608 timeout 0 initval 0x1
add portsentry4 10.99.0.1 timeout 86399
add portsentry4 10.99.0.0/24 timeout 0
add portsentry4 192.0.2.1
add portsentry6 2001:db8::/64 timeout 7
add portsentry4 nonsense timeout 7
`;
  expect(readBlocks(text, NOW)).toEqual([
    { target: '10.99.0.1', until: NOW + 86_399_000 },
    { target: '10.99.0.0/24', until: null },
    { target: '192.0.2.1', until: null },
    { target: '2001:db8::/64', until: NOW + 7_000 },
  ]);
  expect(readBlocks('', NOW)).toEqual([]);
});
