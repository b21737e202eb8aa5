import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Kind } from '../../src/classify/kind.ts';
import { REPEAT_WINDOW } from '../../src/track/attempts.ts';
import { Tracker } from '../../src/track/tracker.ts';
import { type ProbeFields, probe } from '../track/given.ts';

const WINDOW = 3_600_000;

/** Few different values each, so that probes repeat one another; time goes on, and sometimes back. */
const PROBES = fc
  .array(
    fc.record({
      source: fc.integer({ min: 1, max: 12 }).map((host) => `10.1.0.${host}`),
      destination: fc.constantFrom('10.0.0.2', '10.0.0.3'),
      port: fc.integer({ min: 1, max: 6 }),
      sourcePort: fc.constantFrom(1_000, 2_000),
      kind: fc.constantFrom(Kind.syn, Kind.fin, Kind.udp),
      step: fc.constantFrom(0, 1, 500, 59_000, 61_000, 200_000, WINDOW, -1_000),
    }),
    { maxLength: 200 },
  )
  .map((steps) => {
    let at = 0;
    return steps.map(({ step, ...fields }): Steps => {
      at += step;
      return { ...fields, at };
    });
  });

type Steps = Required<Pick<ProbeFields, 'source' | 'destination' | 'port' | 'sourcePort' | 'kind' | 'at'>>;

/** What one source has done, remembered in full. */
class Model {
  connects = 0;
  readonly #lastSent = new Map<string, number>();
  #lastSeen = Number.NEGATIVE_INFINITY;

  count({ destination, port, sourcePort, kind, at }: Steps): void {
    if (at - this.#lastSeen >= WINDOW) this.connects = 0;
    const attempt = `${destination} ${port} ${sourcePort} ${kind}`;
    const last = this.#lastSent.get(attempt);
    const repeat = this.connects > 0 && last !== undefined && Math.abs(at - last) <= REPEAT_WINDOW;
    if (!repeat) this.connects++;
    this.#lastSent.set(attempt, at);
    this.#lastSeen = at;
  }
}

test('connects are what a memory without bounds counts, and trigger is more than allowed', () => {
  fc.assert(
    fc.property(PROBES, fc.integer({ min: 0, max: 5 }), (probes, trigger) => {
      const tracker = new Tracker({ trigger, window: WINDOW, ipv6Prefix: 64, salt: 7, onScanEnd: () => {} });
      const models = new Map<string, Model>();
      for (const fields of probes) {
        const model = models.get(fields.source) ?? new Model();
        models.set(fields.source, model);
        model.count(fields);
        tracker.observe(probe(fields));
        expect(tracker.source.connects).toBe(model.connects);
        expect(tracker.triggered).toBe(model.connects > trigger);
      }
    }),
    { numRuns: 50 },
  );
});

test('the bounds hold whatever the order, no probe is lost, and the salt changes nothing', () => {
  fc.assert(
    fc.property(PROBES, fc.integer({ min: 4, max: 8 }), fc.integer(), (probes, capacity, salt) => {
      const stories = [0, salt >>> 0].map((seed) => {
        const story: string[] = [];
        let told = 0;
        const tracker = new Tracker({
          trigger: 0,
          window: WINDOW,
          ipv6Prefix: 64,
          salt: seed,
          capacity,
          onScanEnd: (source) => {
            told += source.probes - source.marks.toldProbes;
            story.push(
              `${source.address} ${source.probes} ${source.ports} ${source.targets} ${source.kinds}`,
            );
          },
        });
        for (const fields of probes) {
          tracker.observe(probe(fields));
          expect(tracker.size).toBeLessThanOrEqual(capacity);
        }
        tracker.close();
        expect([told, tracker.size]).toEqual([probes.length, 0]);
        return story;
      });
      expect(stories[1]).toEqual(stories[0]);
    }),
    { numRuns: 50 },
  );
});
