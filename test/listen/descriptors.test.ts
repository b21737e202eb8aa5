import { expect, test } from 'vitest';
import { availableDescriptors, Descriptors } from '../../src/listen/descriptors.ts';

function takeAll(descriptors: Descriptors): number {
  let count = 0;
  while (count < 10_000 && descriptors.take()) count++;
  return count;
}

test('a small limit is divided between the daemon, connections and ports', () => {
  const descriptors = new Descriptors(64);
  expect(descriptors.connections).toBe(10);
  expect(takeAll(descriptors)).toBe(30);
  expect(descriptors.listeners).toBe(30);
  descriptors.giveBack();
  expect(takeAll(descriptors)).toBe(1);
});

test.each([0, 10, 25])('%i descriptors still allow one port and one connection', (available) => {
  const descriptors = new Descriptors(available);
  expect([descriptors.connections, takeAll(descriptors)]).toEqual([1, 1]);
});

test('the last ones can be left for others', () => {
  const descriptors = new Descriptors(64);
  const taken = Array.from({ length: 30 }, () => descriptors.take(12)).filter(Boolean);
  expect(taken).toHaveLength(18);
  expect(takeAll(descriptors)).toBe(12);
});

test('a large limit is not exhausted', () => {
  const descriptors = new Descriptors(1_000_000);
  expect([descriptors.connections, takeAll(descriptors)]).toEqual([256, 4_096]);
});

test('the number of available descriptors comes from the kernel', () => {
  expect(availableDescriptors()).toBeGreaterThan(0);
  expect(Number.isInteger(availableDescriptors())).toBe(true);
});
