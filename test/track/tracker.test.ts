import { describe, expect, test } from 'vitest';
import { Kind } from '../../src/classify/kind.ts';
import { Address } from '../../src/net/address.ts';
import type { ScanEvent } from '../../src/track/event.ts';
import { scanEvent } from '../../src/track/scan.ts';
import { MAX_SOURCES } from '../../src/track/source-table.ts';
import { SCAN_QUIET_MS, Tracker, type TrackerOptions } from '../../src/track/tracker.ts';
import { address, type ProbeFields, probe, START } from './given.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

function makeTracker(options: Partial<TrackerOptions> = {}) {
  const scans: ScanEvent[] = [];
  const onScanEnd: TrackerOptions['onScanEnd'] = (source) => scans.push(scanEvent(source));
  const tracker = new Tracker({
    trigger: 0,
    windowMs: DAY_MS,
    ipv6Prefix: 64,
    salt: 1,
    onScanEnd,
    ...options,
  });
  /** Whether each of the probes triggers. */
  const triggers = (...probes: ProbeFields[]) =>
    probes.map((fields) => {
      tracker.observe(probe(fields));
      return tracker.triggered;
    });
  return { tracker, scans, triggers };
}

/** A SYN to another port each time. */
const ports = (...numbers: number[]) => numbers.map((port) => ({ port }));

describe('SCAN_TRIGGER is the number of connects allowed', () => {
  test('0 reacts to the first', () => {
    expect(makeTracker({ trigger: 0 }).triggers(...ports(1))).toEqual([true]);
  });

  test.each([1, 2, 5])('%i reacts to the next connect; 1.x and 2.x reacted one too early', (trigger) => {
    const numbers = Array.from({ length: trigger + 2 }, (_, index) => index + 1);
    const { triggers } = makeTracker({ trigger });
    expect(triggers(...ports(...numbers))).toEqual(numbers.map((number) => number > trigger));
  });

  test('each source has its own count, TCP and UDP together', () => {
    const { triggers } = makeTracker({ trigger: 1 });
    expect(
      triggers({ source: '10.0.0.1' }, { source: '10.0.0.9' }, { source: '10.0.0.1', kind: Kind.udp }),
    ).toEqual([false, false, true]);
  });

  test('a new limit applies at once, and keeps the counts', () => {
    const { tracker, triggers } = makeTracker({ trigger: 5 });
    expect(triggers(...ports(1, 2))).toEqual([false, false]);
    tracker.configure({ trigger: 1, windowMs: DAY_MS, ipv6Prefix: 64 });
    expect(triggers({ port: 3 })).toEqual([true]);
  });
});

describe('the same attempt again within 60 s is one connect', () => {
  test.each<[string, ProbeFields, boolean]>([
    ['the same', {}, true],
    ['the same after 60 s', { at: MINUTE_MS }, true],
    ['the same after longer', { at: MINUTE_MS + 1 }, false],
    // Captures may go back in time.
    ['the same before', { at: -1_000 }, true],
    ['another port', { port: 112 }, false],
    ['another source port', { sourcePort: 41303 }, false],
    ['another kind', { kind: Kind.fin }, false],
    ['another of our addresses', { destination: '10.0.0.3' }, false],
    ['a datagram', { kind: Kind.udp }, false],
  ])('%s', (_name, again, repeat) => {
    const { tracker } = makeTracker();
    tracker.observe(probe());
    expect(tracker.repeat).toBe(false);
    tracker.observe(probe(again));
    expect([tracker.repeat, tracker.source.connects, tracker.source.probes]).toEqual([
      repeat,
      repeat ? 1 : 2,
      2,
    ]);
  });

  test('also with other attempts in between', () => {
    const { tracker } = makeTracker();
    for (const port of [1, 2, 3, 1, 2, 3]) tracker.observe(probe({ port }));
    expect([tracker.source.connects, tracker.source.probes]).toEqual([3, 6]);
  });

  test('every repeat restarts the 60 s', () => {
    const { tracker } = makeTracker();
    for (const at of [0, 50_000, 100_000, 150_000]) tracker.observe(probe({ at }));
    expect(tracker.source.connects).toBe(1);
  });

  test('both attempts at another port are remembered', () => {
    const { tracker } = makeTracker();
    tracker.observe(probe({ port: 1 }));
    for (const sourcePort of [5, 6, 5, 6]) tracker.observe(probe({ port: 2, sourcePort }));
    expect([tracker.source.connects, tracker.source.ports]).toEqual([3, 2]);
  });
});

describe('SCAN_WINDOW', () => {
  test('connects add up until a source has been quiet for this long', () => {
    const { triggers } = makeTracker({ trigger: 2, windowMs: DAY_MS });
    expect(triggers({ port: 1 }, { port: 2, at: DAY_MS - 1 }, { port: 3, at: 2 * DAY_MS - 2 })).toEqual([
      false,
      false,
      true,
    ]);
    expect(triggers({ port: 4, at: 3 * DAY_MS - 2 })).toEqual([false]);
  });

  test('"0" means forever', () => {
    const { triggers } = makeTracker({ trigger: 1, windowMs: 0 });
    expect(triggers({ port: 1 }, { port: 2, at: 400 * DAY_MS })).toEqual([false, true]);
  });

  test('with a window shorter than the repeat, a forgotten connect is not repeated', () => {
    const { triggers } = makeTracker({ trigger: 0, windowMs: 30_000 });
    expect(triggers({}, { at: 40_000 })).toEqual([true, true]);
  });

  test('everything is reported again after it, and not before', () => {
    const { tracker } = makeTracker({ windowMs: DAY_MS });
    tracker.observe(probe());
    tracker.source.reported.history = true;
    tracker.observe(probe({ at: DAY_MS - 1 }));
    expect(tracker.source.reported.history).toBe(true);
    tracker.observe(probe({ at: 2 * DAY_MS }));
    expect(tracker.source.reported.history).toBe(false);
  });
});

describe('a scan', () => {
  test('is summarized: probes, ports, kinds, targets', () => {
    const { tracker, scans } = makeTracker();
    tracker.observe(probe({ port: 1 }));
    tracker.observe(probe({ port: 1, at: 10 }));
    tracker.observe(probe({ port: 2, at: 20, kind: Kind.fin }));
    tracker.observe(probe({ port: 2, at: 30, kind: Kind.udp, destination: '10.0.0.3' }));
    tracker.close();
    expect(scans).toEqual([
      {
        action: 'scan',
        time: START + 30,
        source: '10.0.0.1',
        family: 4,
        first: START,
        last: START + 30,
        probes: 4,
        ports: 3,
        atLeast: false,
        ranges: [
          { transport: 'tcp', first: 1, last: 2 },
          { transport: 'udp', first: 2, last: 2 },
        ],
        kinds: ['fin', 'syn', 'udp'],
        targets: 2,
        targetNames: ['10.0.0.2', '10.0.0.3'],
        answered: null,
        shape: 'vertical',
        tried: 3,
        tool: null,
        triggered: false,
        evidence: 'spoofable',
        sources: 1,
        decoys: [],
      },
    ]);
  });

  test('is over after more than 5 quiet minutes, by the time of other packets or the clock', () => {
    for (const quieten of ['packet', 'clock'] as const) {
      const { tracker, scans } = makeTracker();
      tracker.observe(probe());
      const wait = (at: number) =>
        quieten === 'clock' ? tracker.sweep(START + at) : tracker.observe(probe({ source: '10.0.0.9', at }));
      wait(SCAN_QUIET_MS);
      expect(scans).toEqual([]);
      wait(SCAN_QUIET_MS + 1_001);
      expect(scans.map(({ source }) => source)).toEqual(['10.0.0.1']);
    }
  });

  test('of many ports ends, but the connects stay; then a new one begins', () => {
    const { tracker, scans } = makeTracker({ trigger: 1 });
    for (let port = 1; port <= 9; port++) tracker.observe(probe({ port }));
    tracker.observe(probe({ port: 1, at: SCAN_QUIET_MS + 5_000 }));
    expect(scans.map(({ probes }) => probes)).toEqual([9]);
    expect([tracker.triggered, tracker.source.probes, tracker.source.ports]).toEqual([true, 1, 1]);
    tracker.close();
    expect(scans.map(({ probes, first }) => [probes, first])).toEqual([
      [9, START],
      [1, START + SCAN_QUIET_MS + 5_000],
    ]);
    expect(tracker.size).toBe(0);
  });

  test('of few ports continues when its source returns within SCAN_WINDOW, and is reported again as a whole', () => {
    const { tracker, scans } = makeTracker();
    for (let port = 1; port <= 8; port++) tracker.observe(probe({ port }));
    tracker.observe(probe({ port: 9, at: 20 * MINUTE_MS }));
    expect([tracker.source.probes, tracker.source.ports, tracker.newPort]).toEqual([9, 9, true]);
    tracker.close();
    expect(scans.map(({ probes, first }) => [probes, first])).toEqual([
      [8, START],
      [9, START],
    ]);
  });

  test('of one port every 10 minutes is one slow scan', () => {
    const { tracker, scans } = makeTracker();
    const day = 24 * 6;
    for (let port = 1; port <= day; port++) tracker.observe(probe({ port, at: (port - 1) * 10 * MINUTE_MS }));
    expect(scans.map(({ probes }) => probes)).toEqual([1]);
    const end = (day - 1) * 10 * MINUTE_MS;
    tracker.sweep(START + end + 29 * MINUTE_MS);
    expect(scans).toHaveLength(1);
    tracker.sweep(START + end + 31 * MINUTE_MS);
    const whole = { probes: day, ports: day, first: START, last: START + end, shape: 'slow' };
    expect(scans.slice(1)).toMatchObject([whole]);
    tracker.close();
    expect(scans).toHaveLength(2);
  });

  test('with growing pauses is one scan too', () => {
    const { tracker, scans } = makeTracker({ windowMs: 0 });
    let at = 0;
    for (let pause = 6; pause < 10_000; pause *= 2) {
      tracker.observe(probe({ port: pause, at }));
      at += pause * MINUTE_MS;
    }
    tracker.close();
    expect(scans.map(({ probes }) => probes)).toEqual([1, 11]);
  });

  test('does not continue beyond SCAN_WINDOW', () => {
    const { tracker, scans } = makeTracker({ windowMs: 60 * MINUTE_MS });
    tracker.observe(probe({ port: 1 }));
    tracker.observe(probe({ port: 2, at: 30 * MINUTE_MS }));
    tracker.observe(probe({ port: 3, at: 90 * MINUTE_MS }));
    tracker.close();
    expect(scans.map(({ probes, ports, first }) => [probes, ports, first - START])).toEqual([
      [1, 1, 0],
      [2, 2, 0],
      [1, 1, 90 * MINUTE_MS],
    ]);
  });

  test('is reported once, though the source is forgotten later', () => {
    const { tracker, scans } = makeTracker();
    tracker.observe(probe());
    tracker.sweep(START + 10 * MINUTE_MS);
    tracker.sweep(START + 20 * MINUTE_MS);
    tracker.close();
    expect(scans).toHaveLength(1);
  });

  test('of IPv6 has its family', () => {
    const { tracker, scans } = makeTracker();
    tracker.observe(probe({ source: 'fd00::1', destination: 'fd00::2' }));
    tracker.close();
    expect(scans[0]).toMatchObject({ source: 'fd00::1', family: 6 });
  });

  test.each([300, 65_535])(
    'of %i ports tried twice counts each once, and remembers each attempt',
    (count) => {
      const { tracker, scans } = makeTracker();
      for (let round = 1; round <= 2; round++) {
        for (let port = 1; port <= count; port++) {
          tracker.observe(probe({ port, at: round }));
          if (tracker.repeat !== (round === 2) || tracker.newPort !== (round === 1))
            throw new Error(`round ${round}, port ${port}`);
        }
      }
      expect([tracker.source.ports, tracker.source.connects, tracker.source.probes]).toEqual([
        count,
        count,
        2 * count,
      ]);
      tracker.close();
      expect(scans[0]).toMatchObject({
        ports: count,
        atLeast: false,
        ranges: [{ transport: 'tcp', first: 1, last: count }],
      });
    },
  );

  test('of all ports in any order, tried again from other ports as nmap does, counts each once', () => {
    const { tracker } = makeTracker();
    for (const sourcePort of [1_000, 1_001]) {
      for (let step = 0; step < 65_536; step++)
        tracker.observe(probe({ port: (step * 40_503) & 0xffff, sourcePort }));
    }
    expect(tracker.source.ports).toBe(65_536);
    // An attempt is told from another at the same port by 16 bits.
    expect(131_072 - tracker.source.connects).toBeLessThan(20);
    expect(tracker.source.ranges).toEqual([{ transport: 'tcp', first: 0, last: 65_535 }]);
  });

  test('of two targets counts two, though each of their 300 ports is tried', () => {
    const { tracker } = makeTracker();
    for (const destination of ['10.0.0.2', '10.0.0.3']) {
      for (let port = 1; port <= 300; port++) tracker.observe(probe({ port, destination }));
    }
    expect([tracker.source.ports, tracker.source.targets]).toEqual([300, 2]);
  });

  test('of 3,000 targets tried twice counts each once, and names the first 16', () => {
    const { tracker } = makeTracker();
    for (let round = 0; round < 2; round++) {
      for (let host = 0; host < 3_000; host++)
        tracker.observe(probe({ destination: `10.2.${host >> 8}.${host & 255}` }));
    }
    const { targets, targetNames } = tracker.source;
    expect([targets, targetNames.length, targetNames[0], targetNames[15]]).toEqual([
      3_000,
      16,
      '10.2.0.0',
      '10.2.0.15',
    ]);
  });

  test('of which there are too many to remember says that its number is a lower bound', () => {
    const { tracker, scans } = makeTracker({ capacity: 40 });
    // Every second port, so that nothing adds up to ranges.
    for (let host = 1; host <= 30; host++) {
      for (let port = 1; port <= 4_000; port += 2) {
        tracker.observe(probe({ source: `10.1.0.${host}`, port }));
        tracker.observe(probe({ source: `10.1.0.${host}`, port, kind: Kind.udp }));
      }
    }
    tracker.close();
    const exact = scans.filter(({ atLeast }) => !atLeast);
    const others = scans.filter(({ atLeast }) => atLeast);
    expect([exact.length > 0, others.length > 0]).toEqual([true, true]);
    for (const { ports } of exact) expect(ports).toBe(4_000);
    for (const { ports } of others) expect(ports).toBeLessThan(4_000);
  });

  test('that ends frees its entries: the next one remembers as many', () => {
    const { tracker } = makeTracker();
    for (let port = 1; port < 1_000; port++) tracker.observe(probe({ port }));
    tracker.sweep(START + SCAN_QUIET_MS + 1);
    for (let port = 1; port < 250; port++) tracker.observe(probe({ port, at: 400_000 }));
    for (let port = 1; port < 250; port++) tracker.observe(probe({ port, at: 400_001 }));
    expect([tracker.source.ports, tracker.source.probes]).toEqual([249, 498]);
  });
});

/** Sends probes from consecutively numbered forged addresses. */
function forge(tracker: Tracker, count: number, probesEach: number, at: number): void {
  const forged = probe({ at });
  for (let index = 0; index < count; index++) {
    forged.source.set(Address.v4(0x20000000 + index));
    for (let port = 1; port <= probesEach; port++) {
      forged.destinationPort = port;
      tracker.observe(forged);
    }
  }
}

describe('forged sources', () => {
  test('1,000,000 with one probe each do not evict a known scanner', () => {
    const { tracker, scans } = makeTracker();
    tracker.observe(probe({ port: 1 }));
    tracker.observe(probe({ port: 2 }));
    forge(tracker, 1_000_000, 1, 1_000);
    expect(tracker.get(address('10.0.0.1'))?.connects).toBe(2);
    expect(tracker.size).toBe(MAX_SOURCES);
    tracker.close();
    expect(scans).toHaveLength(1_000_001);
  });

  test('do not make it lose its connects when it was quiet before', () => {
    const { tracker } = makeTracker();
    tracker.observe(probe({ port: 1 }));
    tracker.observe(probe({ port: 2 }));
    forge(tracker, 200_000, 1, SCAN_QUIET_MS * 2);
    expect(tracker.get(address('10.0.0.1'))?.connects).toBe(2);
  });

  test('with two probes each leave slots for a newcomer', () => {
    const { tracker } = makeTracker({ trigger: 1 });
    forge(tracker, 200_000, 2, 0);
    tracker.observe(probe({ port: 1, at: 1 }));
    // A quarter of the table is for sources seen once; this many more may come before the second probe.
    forge(tracker, MAX_SOURCES / 4 - 1, 1, 2);
    tracker.observe(probe({ port: 2, at: 3 }));
    expect([tracker.triggered, tracker.source.connects]).toEqual([true, 2]);
    expect(tracker.size).toBeLessThanOrEqual(MAX_SOURCES);
  });

  test('leave nothing of a former owner in a slot', () => {
    const { tracker } = makeTracker({ capacity: 4 });
    tracker.observe(probe({ source: '10.0.0.7' }));
    tracker.source.marks.acted = true;
    tracker.source.failures = 3;
    tracker.source.reported.refusal = true;
    forge(tracker, 4, 1, 1);
    expect(tracker.get(address('10.0.0.7'))).toBeUndefined();
    for (let index = 0; index < 4; index++) {
      const source = tracker.get(Address.v4(0x20000000 + index));
      expect(source).toMatchObject({
        marks: { acted: false },
        failures: 0,
        connects: 1,
        probes: 1,
        ports: 1,
      });
      expect(source?.reported.refusal).toBe(false);
    }
  });
});
