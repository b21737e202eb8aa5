import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinRanges, MAX_SCANNED_RANGES, type ScannedRange } from '../../src/track/ranges.ts';

const range = (transport: 'tcp' | 'udp', first: number, last = first): ScannedRange => ({
  transport,
  first,
  last,
});

test('ranges are in order, and joined where they touch or overlap', () => {
  expect(
    joinRanges([
      range('udp', 5),
      range('tcp', 7, 9),
      range('tcp', 1, 6),
      range('tcp', 8, 8),
      range('tcp', 11),
    ]),
  ).toEqual([range('tcp', 1, 9), range('tcp', 11), range('udp', 5)]);
});

test('65 become 64 by closing the narrowest gap', () => {
  const ranges = Array.from({ length: 65 }, (_, index) => range('tcp', index * 10));
  const joined = joinRanges([...ranges.slice(0, 30), range('tcp', 303), ...ranges.slice(31)]);
  expect(joined).toHaveLength(MAX_SCANNED_RANGES);
  expect(joined).toContainEqual(range('tcp', 303, 310));
});

test('64 bins cover every port, and no transport is mixed with another', () => {
  const any = fc.record({
    transport: fc.constantFrom('tcp', 'udp'),
    first: fc.nat(65_000),
    length: fc.nat(3),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 400, size: 'max' }), (made) => {
      const ranges = made.map(({ transport, first, length }) =>
        range(transport as 'tcp', first, first + length),
      );
      const joined = joinRanges(ranges);
      expect(joined.length).toBeLessThanOrEqual(MAX_SCANNED_RANGES);
      for (const { transport, first, last } of ranges)
        expect(
          joined.some((bin) => bin.transport === transport && bin.first <= first && bin.last >= last),
        ).toBe(true);
    }),
    { numRuns: 50 },
  );
});
