import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Group, MAX_TOLD } from '../../src/notify/group.ts';
import { NOTICE_KINDS, type Notice, URGENCY } from '../../src/notify/notice.ts';
import { notice } from './given.ts';

test('what is urgent and what is large is told; all is counted', () => {
  const group = new Group();
  for (let weight = 1; weight <= 1_000; weight++) group.add(notice({ weight, time: weight }));
  group.add(notice({ kind: 'block-failed', time: 2_000 }));
  group.add(notice({ kind: 'start', time: 3_000 }));
  expect(group.size).toBe(1_002);
  const { counts, probes, told, since, until } = group.take();
  expect(Object.fromEntries(counts)).toEqual({ scan: 1_000, 'block-failed': 1, start: 1 });
  expect(probes).toBe(500_500);
  expect(told.map(({ kind, weight }) => `${kind} ${weight}`)).toEqual([
    ...Array.from({ length: MAX_TOLD - 1 }, (_, index) => `scan ${992 + index}`),
    'block-failed 1',
  ]);
  expect([since, until]).toEqual([1, 3_000]);
  expect(group.isEmpty).toBe(true);
  expect(group.size).toBe(0);
});

const NOTICE: fc.Arbitrary<Notice> = fc
  .record({ kind: fc.constantFrom(...NOTICE_KINDS), time: fc.nat(1e6), weight: fc.nat(1e4) })
  .map((fields) => notice(fields));

test('to put back and to add in any order loses nothing, and keeps the most important ones', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(NOTICE, fc.boolean()), { maxLength: 200 }), (steps) => {
      const group = new Group();
      const whole = new Group();
      let away: ReturnType<Group['take']> | null = null;
      for (const [each, moves] of steps) {
        group.add(each);
        whole.add(each);
        if (!moves) continue;
        if (away === null) away = group.take();
        else {
          group.putBack(away);
          away = null;
        }
      }
      if (away !== null) group.putBack(away);
      const [a, b] = [group.take(), whole.take()];
      expect([...a.counts].sort()).toEqual([...b.counts].sort());
      expect([a.probes, a.since, a.until]).toEqual([b.probes, b.since, b.until]);
      expect(a.told.length).toBe(Math.min(MAX_TOLD, steps.length));
      const rank = ({ kind, weight }: Notice) => URGENCY[kind] * 1e6 + weight;
      expect(a.told.map(rank).sort()).toEqual(b.told.map(rank).sort());
    }),
  );
});
