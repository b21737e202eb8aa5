import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Added, NumberSets } from '../../src/track/number-sets.ts';

/** The numbers of ranges. */
const numbersIn = (sets: NumberSets, owner: number, kind: number) =>
  [...sets.ranges(owner, kind)].flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
  );

test('several sets of several owners hold what was added, and nothing else', () => {
  const step = fc.tuple(
    fc.constantFrom(0, 1, 2),
    fc.constantFrom(0, 1, 6),
    fc.oneof(
      fc.nat(40),
      fc.nat(2_000).map((number) => number * 3),
      fc.constantFrom(0, 65_535, 65_534),
    ),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 1_500, size: 'max' }), fc.nat(2), (steps, cleared) => {
      const sets = new NumberSets(64);
      const model = new Map<string, Set<number>>();
      const run = () => {
        for (const [owner, kind, number] of steps) {
          const key = `${owner} ${kind}`;
          const set = model.get(key) ?? new Set();
          model.set(key, set);
          expect(sets.add(owner, kind, number)).toBe(set.has(number) ? Added.known : Added.added);
          set.add(number);
        }
        for (const [key, set] of model) {
          const [owner = 0, kind = 0] = key.split(' ').map(Number);
          expect(numbersIn(sets, owner, kind)).toEqual([...set].sort((a, b) => a - b));
        }
      };
      run();
      sets.clear(cleared);
      for (const kind of [0, 1, 6]) {
        expect(numbersIn(sets, cleared, kind)).toEqual([]);
        model.delete(`${cleared} ${kind}`);
      }
      run();
    }),
    { numRuns: 40 },
  );
});

describe('when the memory is full', () => {
  /** Adds scattered numbers to each owner in turn. Returns how many were added to each. */
  function fill(sets: NumberSets, owners: number, count: number): number[] {
    const added = new Array<number>(owners).fill(0);
    for (let owner = 0; owner < owners; owner++) {
      for (let index = 0; index < count; index++)
        if (sets.add(owner, 1, (index * 20_002) & 0xffff) === Added.added)
          added[owner] = (added[owner] ?? 0) + 1;
    }
    return added;
  }

  test('a set of all numbers still fits, and later sets are told to be incomplete', () => {
    const sets = new NumberSets(50);
    const added = fill(sets, 50, 30_000);
    expect(added[0]).toBe(30_000);
    expect(
      fill(new NumberSets(3_000), 3_000, 1_200).filter((count) => count === 1_200).length,
    ).toBeGreaterThan(1_000);
    expect(fill(new NumberSets(3_000), 3_000, 1_200).at(-1)).toBeLessThan(1_200);
  });

  test('256 numbers always fit into the chunks of one set', () => {
    // The bitmaps are taken; enough owners leave chunks.
    const sets = new NumberSets(4_000);
    fill(sets, 1_024, 400);
    for (let owner = 1_024; owner < 1_100; owner++) {
      for (let index = 0; index < 256; index++)
        expect(sets.add(owner, 1, (index * 20_002 + owner) & 0xffff)).toBe(Added.added);
    }
  });

  test('what is cleared is free again', () => {
    const sets = new NumberSets(2_000);
    for (let round = 0; round < 3; round++) {
      expect(new Set(fill(sets, 1_000, 300))).toEqual(new Set([300]));
      for (let owner = 0; owner < 1_000; owner++) {
        sets.clear(owner);
        expect(sets.isEmpty(owner)).toBe(true);
      }
    }
  });
});
