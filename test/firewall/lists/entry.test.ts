import { expect, test } from 'vitest';
import { familyOf, lengthOf } from '../../../src/firewall/lists/entry.ts';
import { type Prefix, parsePrefix } from '../../../src/net/prefix.ts';

test.each<[text: string, family: 4 | 6, length: number]>([
  ['10.0.0.0/8', 4, 8],
  ['10.0.0.1', 4, 32],
  ['2001:db8::/32', 6, 32],
  ['::1', 6, 128],
  ['::/0', 6, 0],
])('%s', (text, family, length) => {
  const prefix = parsePrefix(text) as Prefix;
  expect([familyOf(prefix), lengthOf(prefix)]).toEqual([family, length]);
});
