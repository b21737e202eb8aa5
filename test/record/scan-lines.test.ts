import { describe, expect, test } from 'vitest';
import { decoysLine, scanEndedLine } from '../../src/record/lines1.ts';
import { Recorder, type RecorderParts } from '../../src/record/recorder.ts';
import type { DecoysEvent, ScanEvent } from '../../src/track/event.ts';
import { newReported } from '../support/reported.ts';
import { NOON, probeEvent, scanEvent } from './given.ts';

const MEMBERS = ['203.0.113.7', '198.51.100.23', '10.99.0.1'];
const GROUP = { sources: 3, decoys: MEMBERS, shape: 'decoy' } as const;

describe('the line of a scan that has ended', () => {
  test.each<[Partial<ScanEvent>, string]>([
    [{}, 'Scan by 10.99.0.1 ended: 412 probes to 397 ports in 3.1 s (SYN), nmap-like, vertical'],
    [
      { atLeast: true },
      'Scan by 10.99.0.1 ended: 412 probes to at least 397 ports in 3.1 s (SYN), nmap-like, vertical',
    ],
    [{ tool: null }, 'Scan by 10.99.0.1 ended: 412 probes to 397 ports in 3.1 s (SYN), vertical'],
    [
      { source: '2001:db8::/64', kinds: ['fin', 'udp', 'connect'], tool: null },
      'Scan by 2001:db8::/64 ended: 412 probes to 397 ports in 3.1 s (FIN, UDP, connect), vertical',
    ],
    [
      { probes: 14, ports: 1, targets: 14, shape: 'sweep', tool: 'zmap', first: NOON - 12 },
      'Scan by 10.99.0.1 ended: 14 probes to 1 port of 14 addresses in 12 ms (SYN), zmap-like, sweep',
    ],
    [
      { probes: 144, ports: 144, shape: 'slow', tool: null, first: NOON - 85_800_000 },
      'Scan by 10.99.0.1 ended: 144 probes to 144 ports in 23.8 h (SYN), slow',
    ],
    [
      GROUP,
      'Scan by 3 sources ended: 412 probes to 397 ports in 3.1 s (SYN), nmap-like, decoy: 203.0.113.7 198.51.100.23 10.99.0.1',
    ],
    [
      { ...GROUP, sources: 5_000, shape: 'distributed', first: NOON - 600_000 },
      'Scan by 5000 sources ended: 412 probes to 397 ports in 10 min (SYN), nmap-like, distributed: 203.0.113.7 198.51.100.23 10.99.0.1 and 4997 more',
    ],
  ])('%o', (fields, line) => {
    expect(scanEndedLine(scanEvent(fields), 'at noon')).toBe(`attackalert: ${line}; began at noon`);
  });
});

function decoys(fields: Partial<DecoysEvent> = {}): DecoysEvent {
  return {
    ...probeEvent(),
    action: 'decoys',
    members: MEMBERS,
    isOneSender: true,
    spared: true,
    ...fields,
  };
}

test('decoys are a message for the administrator in the form of 2.x, which has no such line', () => {
  const { recorder, lines } = given({ logFormat: 2 });
  recorder.decoys(decoys());
  expect(lines).toEqual([
    `adminalert: Decoys: 3 sources sent the same packet at once to TCP port: 111: ${MEMBERS.join(' ')}; ` +
      'most of them are forged, and none is blocked for it',
  ]);
});

test('decoys are one line', () => {
  const text = 'attackalert: Decoys: 3 sources sent the same packet at once to TCP port: 111';
  const names = MEMBERS.join(' ');
  expect(decoysLine(decoys())).toBe(`${text}: ${names}; most of them are forged, and none is blocked for it`);
  expect(decoysLine(decoys({ spared: false }))).toBe(`${text}: ${names}; most of them are forged`);
  expect(decoysLine(decoys({ isOneSender: false }))).toContain('3 sources sent packets of one make at once');
});

function given(parts: Partial<RecorderParts> = {}) {
  const lines: string[] = [];
  const events: string[] = [];
  const recorder = new Recorder({
    logFormat: 1,
    sumUp: true,
    text: (line) => lines.push(line),
    events: { write: (line) => events.push(line), tick: () => {}, close: () => {} },
    history: null,
    names: null,
    ...parts,
  });
  return { recorder, lines, events };
}

describe('the recorder', () => {
  test('writes a line of 1.x when a scan ends, in a replay too', () => {
    for (const sumUp of [true, false]) {
      const { recorder, lines, events } = given({ sumUp });
      recorder.scan(scanEvent());
      expect([lines.length, events.length]).toEqual([1, 1]);
    }
  });

  test.each<[string, Partial<ScanEvent>, Partial<RecorderParts>]>([
    ['of one probe', { probes: 1 }, {}],
    ['that did not trigger or is spared', { triggered: false }, {}],
    ['in the form of 2.x', {}, { logFormat: 2 }],
  ])('writes only the event of a scan %s', (_what, fields, parts) => {
    const { recorder, lines, events } = given(parts);
    recorder.scan(scanEvent(fields));
    expect([lines.length, events.length]).toEqual([0, 1]);
  });

  test('limits lines and events per second', () => {
    const { recorder, lines, events } = given();
    recorder.tick(NOON);
    for (let scan = 0; scan < 2_000; scan++) recorder.scan(scanEvent());
    expect([lines.length, events.length]).toEqual([80, 1_000]);
  });

  test('reports decoys as a group; their probes get no lines, except in a replay', () => {
    for (const [sumUp, more] of [
      [true, 0],
      [false, 1],
    ] as const) {
      const { recorder, lines, events } = given({ sumUp });
      recorder.decoys(decoys());
      recorder.probe(probeEvent({ decoy: true }), newReported());
      expect([lines.length, events.length]).toEqual([1 + more, 1 + more]);
      expect(JSON.parse(events[0] as string)).toMatchObject({
        event: { action: 'decoys' },
        portsentry: { decoys: MEMBERS, one_sender: true, spared: true },
      });
    }
  });

  test('adds the tool to the line of a probe only with LOG_TOOL and in the format of 1.x', () => {
    const line = 'attackalert: TCP SYN/Normal scan from host: 10.99.0.1/10.99.0.1 to TCP port: 111';
    for (const [logTool, tool, end] of [
      [true, 'nmap', ' (nmap-like)'],
      [true, null, ''],
      [false, 'nmap', ''],
    ] as const) {
      const { recorder, lines } = given({ logTool });
      recorder.probe(probeEvent({ tool }), newReported());
      expect(lines).toEqual([`${line}${end}`]);
    }
    const { recorder, lines } = given({ logTool: true, logFormat: 2 });
    recorder.probe(probeEvent({ tool: 'nmap' }), newReported());
    expect(lines[0]).not.toContain('nmap');
  });
});
