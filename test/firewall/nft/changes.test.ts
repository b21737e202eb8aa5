import { expect, test } from 'vitest';
import { changesLine, setOf } from '../../../src/firewall/nft/changes.ts';
import { blocking, NOW, releasing, targetOf } from '../given.ts';

const DAY_MS = 86_400_000;
const SET = (name: string, type: string, elements: string) =>
  `set ${name} { type ${type}; size 196608; flags timeout; elements = { ${elements} }; };`;
const GUARD = 'flush chain inet portsentry guard';

test('a target known to be absent is declared', () => {
  const line = changesLine([blocking('10.99.0.1'), blocking('2001:db8::/64')], () => false, NOW);
  expect(line).toBe(
    `${GUARD}; table inet portsentry { ${SET('block4_32', 'ipv4_addr', '10.99.0.1')} ${SET('block6_64', 'ipv6_addr', '2001:db8::')} }`,
  );
});

test('a target that may exist is declared, deleted and declared with its new end', () => {
  expect(changesLine([blocking('10.99.0.1', DAY_MS)], () => true, NOW)).toBe(
    [
      GUARD,
      `table inet portsentry { ${SET('block4_32', 'ipv4_addr', '10.99.0.1')} }`,
      'delete element inet portsentry block4_32 { 10.99.0.1 }',
      `table inet portsentry { ${SET('block4_32', 'ipv4_addr', '10.99.0.1 timeout 1d0s0ms')} }`,
    ].join('; '),
  );
});

test('a released target is declared and deleted, whatever is known', () => {
  expect(changesLine([releasing('10.99.0.1')], () => false, NOW)).toBe(
    [
      GUARD,
      `table inet portsentry { ${SET('block4_32', 'ipv4_addr', '10.99.0.1')} }`,
      'delete element inet portsentry block4_32 { 10.99.0.1 }',
    ].join('; '),
  );
});

test('the elements of one set are declared together', () => {
  const changes = ['10.0.0.1', '2001:db8::1', '10.0.0.2'].map((text) => blocking(text));
  expect(changesLine(changes, () => false, NOW)).toContain('elements = { 10.0.0.1, 10.0.0.2 };');
});

test.each([
  [1, '0d0s1ms'],
  [0, '0d0s1ms'],
  [-5_000, '0d0s1ms'],
  [1_500, '0d1s500ms'],
  [DAY_MS + 1, '1d0s1ms'],
  // nft accepts no number of more than eight digits.
  [36_500 * DAY_MS, '36500d0s0ms'],
  [40_000 * DAY_MS, '36500d0s0ms'],
])('a block of %i ms has the time-out %s', (length, timeout) => {
  expect(changesLine([blocking('10.0.0.1', length)], () => false, NOW)).toContain(
    `10.0.0.1 timeout ${timeout} }`,
  );
});

test('each prefix length has its own set', () => {
  expect(setOf(targetOf('10.0.0.0/8'))).toEqual({ list: 'block', family: 4, length: 8 });
  expect(setOf(targetOf('::1'))).toEqual({ list: 'block', family: 6, length: 128 });
});
