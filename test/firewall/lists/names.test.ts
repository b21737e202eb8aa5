import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  counterName,
  isListName,
  listOfCounter,
  readSetName,
  setName,
} from '../../../src/firewall/lists/names.ts';

test.each<[name: string, isName: boolean]>([
  ['drop', true],
  ['spamhaus-drop', true],
  ['a_4_24', true],
  ['x'.repeat(32), true],
  ['x'.repeat(33), false],
  ['', false],
  ['4drop', false],
  ['Drop', false],
  ['spared', false],
  ['a b', false],
  ['a;flush ruleset', false],
  ['../x', false],
])('%s', (name, isName) => {
  expect(isListName(name)).toBe(isName);
});

test('the names of sets and counters lead back to their lists', () => {
  const list = fc.stringMatching(/^[a-z][a-z0-9_-]{0,31}$/).filter(isListName);
  fc.assert(
    fc.property(
      list,
      fc.constantFrom(4 as const, 6 as const),
      fc.integer({ min: 1, max: 128 }),
      fc.nat(),
      (name, family, length, generation) => {
        const set = { list: name, family, length, generation: generation % 1_000_000_000 };
        expect(readSetName(setName(set))).toEqual(set);
        expect(listOfCounter(counterName(name))).toBe(name);
      },
    ),
  );
});

test.each(['block4_32', 'drop_5_1_1', 'drop_4_x_1', 'Drop_4_32_1', ''])('%s is no set of a list', (name) => {
  expect(readSetName(name)).toBeNull();
});
