import { expect, test } from 'vitest';
import { BlockCounts, DURATION_BOUNDS_S } from '../../src/respond/block-counts.ts';

test('what is done about blocks is counted by method, cause and origin', () => {
  const counts = new BlockCounts();
  counts.addMade('nftables');
  counts.addMade('hosts.deny');
  counts.addFailed('none');
  counts.addEnded('decoy');
  counts.addRefused('sensor');
  expect([counts.made('nftables'), counts.made('hosts.deny'), counts.made('command')]).toEqual([1, 1, 0]);
  expect([counts.failed('none'), counts.failed('nftables')]).toEqual([1, 0]);
  expect([counts.ended('decoy'), counts.ended('expired')]).toEqual([1, 0]);
  expect([counts.refused('sensor'), counts.refused('built in')]).toEqual([1, 0]);
});

test.each([
  ['a time before the packet, by the errors of clocks', -3, 0],
  ['the first bound', 0.5, 0],
  ['above it', 0.51, 1],
  ['the last bound', 1_000, DURATION_BOUNDS_S.length - 1],
  ['above all', 5_000, DURATION_BOUNDS_S.length],
])('a duration: %s', (_what, ms, place) => {
  const counts = new BlockCounts();
  counts.addDuration(ms);
  expect(counts.durations.indexOf(1)).toBe(place);
  expect(counts.durations.reduce((sum, count) => sum + count)).toBe(1);
  expect(counts.seconds).toBe(Math.max(0, ms / 1000));
});
