import { expect, test } from 'vitest';
import { availableDescriptors, Descriptors } from '../../src/listen/descriptors.ts';

function takeAll(descriptors: Descriptors): number {
  let count = 0;
  while (count < 10_000 && descriptors.take()) count++;
  return count;
}

test('a small limit is shared: some for the rest, some for connections, the others for ports', () => {
  const descriptors = new Descriptors(64);
  expect(descriptors.guests).toBe(10);
  expect(takeAll(descriptors)).toBe(30);
  expect(descriptors.most).toBe(30);
  descriptors.giveBack();
  expect(takeAll(descriptors)).toBe(1);
});

test.each([0, 10, 25])('with %i there is still one port and one connection', (available) => {
  const descriptors = new Descriptors(available);
  expect([descriptors.guests, takeAll(descriptors)]).toEqual([1, 1]);
});

test('the last ones can be kept for others', () => {
  const descriptors = new Descriptors(64);
  const taken = Array.from({ length: 30 }, () => descriptors.take(12)).filter(Boolean);
  expect(taken).toHaveLength(18);
  expect(takeAll(descriptors)).toBe(12);
});

test('a large limit is not used up', () => {
  const descriptors = new Descriptors(1_000_000);
  expect([descriptors.guests, takeAll(descriptors)]).toEqual([256, 4_096]);
});

test('what this process may open is read from the kernel', () => {
  expect(availableDescriptors()).toBeGreaterThan(0);
  expect(Number.isInteger(availableDescriptors())).toBe(true);
});
