import { expect, test } from 'vitest';
import { Remembered } from '../../../src/firewall/nft/remembered.ts';
import { SET_SIZE } from '../../../src/firewall/set-carrier.ts';

test('any target may be in the kernel until it has been listed', () => {
  const remembered = new Remembered();
  expect(remembered.mayHold('a')).toBe(true);
  remembered.add('added before');
  remembered.complete(['listed']);
  remembered.add('added since');
  expect(['a', 'added before', 'listed', 'added since'].map((target) => remembered.mayHold(target))).toEqual([
    false,
    true,
    true,
    true,
  ]);
  remembered.delete('listed');
  expect(remembered.mayHold('listed')).toBe(false);
  remembered.forget();
  expect(remembered.mayHold('listed')).toBe(true);
});

test('after an overflow any target may be in the kernel', () => {
  const remembered = new Remembered();
  remembered.complete([]);
  for (let count = 0; count <= 2 * SET_SIZE; count++) remembered.add(String(count));
  expect(remembered.mayHold('never seen')).toBe(true);
});
