import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Kind } from '../../src/classify/kind.ts';
import { Engine } from '../../src/engine.ts';
import { Address } from '../../src/net/address.ts';
import type { DecoysEvent, ProbeEvent, ScanEvent } from '../../src/track/event.ts';
import { MAX_SOURCES } from '../../src/track/source-table.ts';
import { configWith } from '../respond/given.ts';
import { engineParts, recorderOf } from '../support/engine-parts.ts';
import { type ProbeFields, probe } from '../track/given.ts';

/** An engine that only reports, and everything that it reports. */
function makeEngine(salt: number) {
  const probes: ProbeEvent[] = [];
  const others: (ScanEvent | DecoysEvent)[] = [];
  const recorder = recorderOf({
    probe: (event) => probes.push(event),
    scan: (event) => others.push(event),
    decoys: (event) => others.push(event),
  });
  const engine = new Engine(engineParts(configWith({ scanWindow: 7_200_000 }), recorder, { salt }));
  return { engine, probes, others };
}

/** Few different values each, so that groups form; some within milliseconds, some hours apart. */
const PROBES = fc
  .array(
    fc.record({
      source: fc.integer({ min: 1, max: 9 }).map((host) => `10.1.0.${host}`),
      destination: fc.constantFrom('10.0.0.2', '10.0.0.3'),
      port: fc.integer({ min: 1, max: 12 }),
      sourcePort: fc.constantFrom(1_000, 1_001, 9_000),
      sequence: fc.constantFrom(0, 5, 0x0a000002),
      window: fc.constantFrom(512, 1_024),
      kind: fc.constantFrom(Kind.syn, Kind.fin, Kind.udp, Kind.connect),
      step: fc.constantFrom(0, 0, 0, 1, 15, 1_000, 310_000, 1_000_000, 7_200_000, -1_000),
    }),
    { maxLength: 150 },
  )
  .map((steps) => {
    let at = 0;
    return steps.map(({ step, ...fields }): ProbeFields => {
      at += step;
      return { ...fields, at };
    });
  });

function storyOf(fields: readonly ProbeFields[], salt: number) {
  const { engine, probes, others } = makeEngine(salt);
  for (const one of fields) engine.take(probe(one));
  engine.close();
  return { probes, others };
}

test('the same packets in the same order make the same events, whatever the salt', () => {
  fc.assert(
    fc.property(PROBES, fc.integer(), (fields, salt) => {
      expect(storyOf(fields, salt >>> 0)).toEqual(storyOf(fields, 0));
    }),
    { numRuns: 100 },
  );
});

test('no probe is missing from the summaries', () => {
  fc.assert(
    fc.property(PROBES, (fields) => {
      const { probes, others } = storyOf(fields, 1);
      expect(probes).toHaveLength(fields.length);
      const scans = others.filter((event) => event.action === 'scan');
      // A scan that continues after its summary is reported again as a whole, so there may be more.
      expect(scans.reduce((sum, scan) => sum + scan.probes, 0)).toBeGreaterThanOrEqual(fields.length);
      for (const { probes, first, last, sources, decoys } of scans) {
        expect(probes).toBeGreaterThan(0);
        expect(Number.isFinite(last - first)).toBe(true);
        expect(decoys.length).toBeLessThanOrEqual(sources);
      }
    }),
    { numRuns: 100 },
  );
});

test('1,000,000 forged sources that look like a group do not evict a known scanner, which is not part of it', () => {
  const { engine, others } = makeEngine(3);
  engine.take(probe({ port: 1, window: 512 }));
  engine.take(probe({ port: 2, window: 512, sourcePort: 9_000 }));
  const forged = probe({ port: 3, window: 512, at: 5 });
  for (let host = 0; host < 1_000_000; host++) {
    forged.source.set(Address.v4(0x20000000 + host));
    forged.sourcePort = 1_024 + (host % 60_000);
    forged.time += 0.01;
    engine.take(forged);
  }
  const known = engine.tracker.get(probe().source);
  expect([known?.connects, known?.marks.group]).toEqual([2, null]);
  expect(engine.tracker.size).toBe(MAX_SOURCES);
  const reported = others.length;
  engine.close();
  expect(reported).toBeLessThan(100);
  expect(others.filter(({ action }) => action === 'scan').length).toBeLessThan(100);
});
