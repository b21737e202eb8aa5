import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Kind } from '../../src/classify/kind.ts';
import { REPEAT_WINDOW_MS } from '../../src/track/attempts.ts';
import { Tracker } from '../../src/track/tracker.ts';
import { type ProbeFields, probe } from '../track/given.ts';

const WINDOW_MS = 3_600_000;

/** Few different values each, so that probes repeat; time goes on, and sometimes back. */
const PROBES = fc
  .array(
    fc.record({
      source: fc.integer({ min: 1, max: 12 }).map((host) => `10.1.0.${host}`),
      destination: fc.constantFrom('10.0.0.2', '10.0.0.3'),
      port: fc.integer({ min: 1, max: 6 }),
      sourcePort: fc.constantFrom(1_000, 2_000),
      kind: fc.constantFrom(Kind.syn, Kind.fin, Kind.udp),
      step: fc.constantFrom(0, 1, 500, 59_000, 61_000, 200_000, WINDOW_MS, -1_000),
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

/** Remembers in full what one source did. */
class Model {
  connects = 0;
  readonly #lastSent = new Map<string, number>();
  #lastSeen = Number.NEGATIVE_INFINITY;

  count({ destination, port, sourcePort, kind, at }: Steps): void {
    if (at - this.#lastSeen >= WINDOW_MS) this.connects = 0;
    const attempt = `${destination} ${port} ${sourcePort} ${kind}`;
    const last = this.#lastSent.get(attempt);
    const repeat = this.connects > 0 && last !== undefined && Math.abs(at - last) <= REPEAT_WINDOW_MS;
    if (!repeat) this.connects++;
    this.#lastSent.set(attempt, at);
    this.#lastSeen = at;
  }
}

test('connects are what an unbounded memory counts, and more than allowed trigger', () => {
  fc.assert(
    fc.property(PROBES, fc.integer({ min: 0, max: 5 }), (probes, trigger) => {
      const tracker = new Tracker({
        trigger,
        windowMs: WINDOW_MS,
        ipv6Prefix: 64,
        salt: 7,
        onScanEnd: () => {},
      });
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

test('in any order the bounds hold, no probe is lost, and the salt changes nothing', () => {
  fc.assert(
    fc.property(PROBES, fc.integer({ min: 4, max: 8 }), fc.integer(), (probes, capacity, salt) => {
      const stories = [0, salt >>> 0].map((seed) => {
        const story: string[] = [];
        let reported = 0;
        const tracker = new Tracker({
          trigger: 0,
          windowMs: WINDOW_MS,
          ipv6Prefix: 64,
          salt: seed,
          capacity,
          onScanEnd: (source) => {
            reported += source.probes - source.marks.reportedProbes;
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
        expect([reported, tracker.size]).toEqual([probes.length, 0]);
        return story;
      });
      expect(stories[1]).toEqual(stories[0]);
    }),
    { numRuns: 50 },
  );
});
