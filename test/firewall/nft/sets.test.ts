import { expect, test } from 'vitest';
import { keyOf, nameOf, ruleFor, type SetKey } from '../../../src/firewall/nft/sets.ts';

test.each([
  [{ list: 'block', family: 4, length: 32 }, 'ip saddr @block4_32 counter name dropped4 drop'],
  [{ list: 'block', family: 4, length: 9 }, 'ip saddr & 255.128.0.0 @block4_9 counter name dropped4 drop'],
  [{ list: 'spare', family: 4, length: 1 }, 'ip saddr & 128.0.0.0 @spare4_1 accept'],
  [{ list: 'block', family: 6, length: 128 }, 'ip6 saddr @block6_128 counter name dropped6 drop'],
  [
    { list: 'block', family: 6, length: 64 },
    'ip6 saddr & ffff:ffff:ffff:ffff:: @block6_64 counter name dropped6 drop',
  ],
  [{ list: 'spare', family: 6, length: 33 }, 'ip6 saddr & ffff:ffff:8000:: @spare6_33 accept'],
] as const)('%j', (key: SetKey, rule) => {
  expect(ruleFor(key, false)).toBe(rule);
  expect(keyOf(nameOf(key))).toEqual(key);
});

test.each([
  '',
  'block',
  'block4',
  'block4_0',
  'block4_33',
  'block6_129',
  'block5_32',
  'block4_032',
  'xblock4_32',
])('%j is no set of ours', (name) => {
  expect(keyOf(name)).toBeNull();
});
