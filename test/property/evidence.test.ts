/** What no sequence of forged packets brings about, with the engine and the breaker as a live run has them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Kind } from '../../src/classify/kind.ts';
import { Engine } from '../../src/engine.ts';
import { Breaker, MAX_DEMAND } from '../../src/respond/breaker.ts';
import type { BlockEvent } from '../../src/respond/event.ts';
import { configWith } from '../respond/given.ts';
import { engineParts, recorderOf } from '../support/engine-parts.ts';
import { type ProbeFields, probe } from '../track/given.ts';

const SCANNER = '198.51.100.1';
/** The scanner's own ports: what is forged goes to others, so that it is alone. */
const FIRST_PORT = 20_000;

/** Packets of 200 forged sources: alone, several times, together, fast and slow. */
const FORGED = fc.record({
  source: fc.integer({ min: 1, max: 200 }).map((host) => `203.0.113.${host}`),
  port: fc.integer({ min: 1, max: 30 }),
  sequence: fc.integer({ min: 0, max: 3 }),
  sourcePort: fc.integer({ min: 1, max: 200 }),
  gapMs: fc.constantFrom(0, 1, 15, 300, 9_000),
});
/**
 * None, or forged sources one after the other, each with 24 different attempts. The breaker takes each of them for a scanner, which
 * raises its demand most.
 */
const SCANS = fc.constantFrom(0, 80).map((count) =>
  Array.from({ length: count * 24 }, (_, index) => ({
    source: `203.0.113.${1 + Math.floor(index / 24)}`,
    port: 1 + (index % 24),
    sequence: 100 + Math.floor(index / 24),
    sourcePort: 1 + Math.floor(index / 24),
    gapMs: 1,
  })),
);
const TURN = fc.record({ packets: fc.array(FORGED, { maxLength: 40 }), isScannersTurn: fc.boolean() });
/** The breaker forgets after a minute, so half of the forgers lose no time. */
const FORGERY = fc
  .tuple(SCANS, fc.array(TURN, { minLength: 2 * MAX_DEMAND, maxLength: 60 }), fc.boolean())
  .map(([scans, turns, isQuick]) => [
    { packets: scans, isScannersTurn: false },
    ...turns.map(({ packets, isScannersTurn }) => ({
      packets: isQuick ? packets.filter(({ gapMs }) => gapMs < 300) : packets,
      isScannersTurn,
    })),
  ]);

/** An engine whose every response is a block at once. */
function given() {
  const blocked = new Set<string>();
  const breaker = new Breaker({ max: 5, tell: () => {} });
  const config = configWith({ blockTcp: 1, scanTrigger: 0, blockRateMax: 5 });
  const parts = engineParts(config, recorderOf({}), {
    admits: (connects, evidence, now) => breaker.admits(connects, evidence, now),
    isBlocked: (_, text) => blocked.has(text),
    respond: (details) => {
      blocked.add(details.source);
      return Promise.resolve({ ...details, action: 'block', reason: null } as unknown as BlockEvent);
    },
    takeBack: (source) => blocked.delete(source),
    capacity: 1_024,
  });
  const engine = new Engine(parts);
  let at = 0;
  const send = ({ gapMs = 0, ...fields }: ProbeFields & { readonly gapMs?: number }) => {
    at += gapMs;
    engine.take(probe({ ...fields, at }));
    breaker.tick(at);
  };
  return { blocked, send, engine };
}

test('no forged packets keep a source with a handshake unblocked', () => {
  fc.assert(
    fc.property(FORGERY, (forgery) => {
      const { blocked, send } = given();
      for (const { packets } of forgery) for (const fields of packets) send(fields);
      send({ source: SCANNER, port: FIRST_PORT, kind: Kind.connect });
      expect(blocked.has(SCANNER)).toBe(true);
    }),
  );
});

test(`no forged packets keep a lone scanner unblocked for more than ${MAX_DEMAND} probes`, () => {
  fc.assert(
    fc.property(FORGERY, (forgery) => {
      const { blocked, send } = given();
      let probes = 0;
      for (const { packets, isScannersTurn } of forgery) {
        for (const fields of packets) send(fields);
        if (isScannersTurn)
          send({ source: SCANNER, port: FIRST_PORT + probes++, sourcePort: 50_000, sequence: 9 });
        if (probes >= MAX_DEMAND) expect(blocked.has(SCANNER)).toBe(true);
      }
    }),
  );
});

test('a scanner whom forged packets accompany is held as a decoy while it is not blocked', () => {
  const turns = fc.array(fc.record({ packets: fc.array(FORGED, { maxLength: 4 }), companions: fc.nat(3) }), {
    minLength: MAX_DEMAND,
    maxLength: 40,
  });
  fc.assert(
    fc.property(turns, (forgery) => {
      const { blocked, send, engine } = given();
      for (const [index, { packets, companions }] of forgery.entries()) {
        for (const fields of packets) send(fields);
        const packet = { port: FIRST_PORT + index, sourcePort: 50_000, sequence: 9, gapMs: 100 };
        send({ ...packet, source: SCANNER });
        const { isDecoy } = engine.judged;
        if (index + 1 >= MAX_DEMAND) expect(blocked.has(SCANNER) || isDecoy).toBe(true);
        for (let number = 1; number <= companions; number++)
          send({ ...packet, source: `203.0.113.${200 + number}`, gapMs: 0 });
      }
    }),
  );
});

test('with BLOCK_SPOOFABLE="0" no forged packets block anybody', () => {
  fc.assert(
    fc.property(fc.array(FORGED, { maxLength: 300 }), (packets) => {
      const acted: string[] = [];
      const parts = engineParts(configWith({ blockTcp: 1, blockSpoofable: false }), recorderOf({}), {
        respond: (details) => {
          acted.push(details.source);
          return Promise.resolve({ ...details, action: 'block', reason: null } as unknown as BlockEvent);
        },
      });
      const engine = new Engine(parts);
      let at = 0;
      for (const { gapMs, ...fields } of packets) {
        at += gapMs;
        engine.take(probe({ ...fields, at }));
      }
      expect(acted).toEqual([]);
    }),
  );
});
