import { expect, test } from 'vitest';
import { Reason } from '../../src/decode/reason.ts';
import { UndecodedSum } from '../../src/record/undecoded.ts';

const START = 1_795_354_417_000;

test('frames that were not decoded are summed up by reason since the last line, at most once a minute', () => {
  const sum = new UndecodedSum();
  const counts = new Map<number, number>([[Reason.none, 1000]]);
  expect(sum.line(counts, START)).toBeNull();
  counts.set(Reason.transportChecksum, 3).set(Reason.ipLength, 1);
  expect(sum.line(counts, START + 1000)).toBe(
    'Frames that were not decoded: 3 wrong transport checksum, 1 bad IP length.',
  );
  counts.set(Reason.transportChecksum, 5);
  expect(sum.line(counts, START + 60_999)).toBeNull();
  expect(sum.line(counts, START + 61_000)).toBe('Frames that were not decoded: 2 wrong transport checksum.');
  expect(sum.line(counts, START + 200_000)).toBeNull();
});
