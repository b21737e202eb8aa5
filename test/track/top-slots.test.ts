import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SORT_KEYS, topSlots } from '../../src/track/top-slots.ts';
import { Tracker } from '../../src/track/tracker.ts';
import { probe } from './given.ts';

function trackerOf(capacity = 1_024): Tracker {
  return new Tracker({ trigger: 0, windowMs: 0, ipv6Prefix: 64, salt: 0, onScanEnd: () => {}, capacity });
}

/** Runs the search to its end, and `between` in each of its pauses. */
function search(tracker: Tracker, key: (typeof SORT_KEYS)[number], limit: number, between = () => {}) {
  const steps = topSlots(tracker.table, key, limit);
  for (let pauses = 0; ; pauses++) {
    const { done, value } = steps.next();
    if (done) return { pauses, slots: value };
    between();
  }
}

const addressOf = (tracker: Tracker, slot: number) => tracker.table.source(slot).address.toString();

test('finds the same as sorting everything', () => {
  const probes = fc.array(
    fc.record({
      host: fc.integer({ min: 1, max: 40 }),
      port: fc.integer({ min: 1, max: 50 }),
      at: fc.nat(100_000),
    }),
    { maxLength: 300 },
  );
  fc.assert(
    fc.property(
      probes,
      fc.constantFrom(...SORT_KEYS),
      fc.integer({ min: 1, max: 20 }),
      (sent, key, limit) => {
        const tracker = trackerOf();
        for (const { host, port, at } of sent.toSorted((a, b) => a.at - b.at))
          tracker.observe(probe({ source: `10.0.0.${host}`, port, at }));
        const { records } = tracker.table;
        const field = {
          last: records.lastSeen,
          first: records.firstSeen,
          probes: records.probes,
          ports: records.ports,
        }[key].bind(records);
        const all = Array.from({ length: tracker.table.usedSlots }, (_, slot) => slot);
        const expected = all
          .map(field)
          .sort((a, b) => b - a)
          .slice(0, limit);
        expect(search(tracker, key, limit).slots.map(field)).toEqual(expected);
      },
    ),
  );
});

test('a full table is read in pieces, while its sources change hands', () => {
  const tracker = trackerOf(65_536);
  let next = 0;
  const flood = (count: number) => {
    for (let end = next + count; next < end; next++)
      tracker.observe(probe({ source: `11.${next >> 16}.${(next >> 8) & 255}.${next & 255}`, at: next }));
  };
  flood(70_000);
  const { pauses, slots } = search(tracker, 'last', 500, () => flood(5_000));
  expect(pauses).toBe(16);
  expect(slots).toHaveLength(500);
  expect(new Set(slots.map((slot) => addressOf(tracker, slot))).size).toBe(500);
});

test('sources whose scan is over, and free slots, are left out', () => {
  const tracker = trackerOf();
  for (let port = 1; port <= 20; port++) tracker.observe(probe({ source: '10.0.0.1', port }));
  tracker.observe(probe({ source: '10.0.0.2', at: 400_000 }));
  tracker.observe(probe({ source: '10.0.0.2', at: 402_000 }));
  expect(search(tracker, 'probes', 9).slots.map((slot) => addressOf(tracker, slot))).toEqual(['10.0.0.2']);
  tracker.close();
  expect(search(tracker, 'probes', 9).slots).toEqual([]);
});
