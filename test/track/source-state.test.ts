import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/net/address.ts';
import { Count, Flag, SourceState, Wide } from '../../src/track/source-state.ts';

const SLOTS = 3;

/** All that a row holds. */
function rowOf(state: SourceState, slot: number) {
  return {
    counts: Object.values(Count)
      .filter((count) => count !== Count.flags)
      .map((count) => state.count(slot, count)),
    wides: Object.values(Wide).map((wide) => state.wide(slot, wide)),
    flags: Object.values(Flag).map((flag) => state.has(slot, flag)),
  };
}

const slot = fc.integer({ min: 0, max: SLOTS - 1 });
const writes = fc.array(
  fc.oneof(
    fc.record({
      slot,
      count: fc.constantFrom(...Object.values(Count).filter((count) => count !== Count.flags)),
      value: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    }),
    fc.record({ slot, wide: fc.constantFrom(...Object.values(Wide)), value: fc.double({ noNaN: true }) }),
    fc.record({ slot, flag: fc.constantFrom(...Object.values(Flag)), value: fc.boolean() }),
    fc.record({ slot, reset: fc.constant(true) }),
  ),
);

describe('the state of sources', () => {
  test('holds what was written last, each value apart from all others', () => {
    fc.assert(
      fc.property(writes, (all) => {
        const state = new SourceState(SLOTS);
        const known = new Map<string, number | boolean>();
        for (const write of all) {
          if ('count' in write) state.setCount(write.slot, write.count, write.value);
          else if ('wide' in write) state.setWide(write.slot, write.wide, write.value);
          else if ('flag' in write) state.setFlag(write.slot, write.flag, write.value);
          else state.reset(write.slot);
          if ('reset' in write) {
            for (const key of known.keys()) if (key.startsWith(`${write.slot} `)) known.delete(key);
          } else {
            const what =
              'count' in write
                ? `count ${write.count}`
                : 'wide' in write
                  ? `wide ${write.wide}`
                  : `flag ${write.flag}`;
            known.set(`${write.slot} ${what}`, write.value);
          }
        }
        for (let at = 0; at < SLOTS; at++) {
          const written = (what: string) => known.get(`${at} ${what}`);
          expect(rowOf(state, at)).toEqual({
            counts: Object.values(Count)
              .filter((count) => count !== Count.flags)
              .map((count) => written(`count ${count}`) ?? 0),
            wides: Object.values(Wide).map((wide) => written(`wide ${wide}`) ?? 0),
            flags: Object.values(Flag).map((flag) => written(`flag ${flag}`) ?? false),
          });
        }
      }),
    );
  });

  test('keeps a count at its maximum', () => {
    const state = new SourceState(1);
    state.setCount(0, Count.lines, 2 ** 32 - 1);
    state.setCount(0, Count.lines, state.count(0, Count.lines) + 1);
    expect(state.count(0, Count.lines)).toBe(2 ** 32 - 1);
  });

  test('forgets the genuine addresses of a slot that changes hands', () => {
    const state = new SourceState(1);
    const address = parseAddress('192.0.2.1') as NonNullable<ReturnType<typeof parseAddress>>;
    state.setProven(0, [{ address, proof: 'handshake' }]);
    state.reset(0);
    expect(state.proven(0)).toEqual([]);
  });
});
