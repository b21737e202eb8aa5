import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { History } from '../../src/record/history.ts';
import { Names } from '../../src/record/names.ts';
import { Recorder, type RecorderParts } from '../../src/record/recorder.ts';
import { wallTimeBy } from '../../src/record/wall-time.ts';
import type { BlockEvent } from '../../src/respond/event.ts';
import type { ProbeEvent } from '../../src/track/event.ts';
import type { Reported } from '../../src/track/reported.ts';
import { newReported } from '../support/reported.ts';
import { NOON, probeEvent, scanEvent, testFolder } from './given.ts';

const HOST = '10.99.0.1/10.99.0.1';

function given(parts: Partial<RecorderParts> = {}) {
  const lines: string[] = [];
  const events: Record<string, { readonly action?: string; readonly kind?: string }>[] = [];
  const recorder = new Recorder({
    logFormat: 1,
    sumUp: true,
    text: (line) => lines.push(line),
    events: { write: (line) => events.push(JSON.parse(line)), tick: () => {}, close: () => {} },
    history: null,
    names: null,
    ...parts,
  });
  return { recorder, lines, events };
}

function alertAt(port: number): string {
  return `attackalert: TCP SYN/Normal scan from host: ${HOST} to TCP port: ${port}`;
}

/** Probes to new ports, from port 1 on, as the tracker counts them. */
function scan(recorder: Recorder, reported: Reported, count: number, fields: Partial<ProbeEvent> = {}): void {
  for (let index = 0; index < count; index++) {
    reported.unreportedPorts++;
    recorder.probe(probeEvent({ destinationPort: 1 + index, ...fields }), reported);
  }
}

describe('a probe', () => {
  test('that triggered is a line, and another when it has IP options', () => {
    const { recorder, lines } = given();
    recorder.probe(probeEvent({ ipOptions: true }), newReported());
    expect(lines).toEqual([
      alertAt(111),
      `attackalert: Packet from host: ${HOST} to TCP port: 111 has IP options set (detection avoidance technique).`,
    ]);
  });

  test('but not yet is only an event in 1.x', () => {
    const { recorder, lines, events } = given();
    recorder.probe(probeEvent({ triggered: false }), newReported());
    expect(lines).toEqual([]);
    expect(events).toHaveLength(1);
  });

  test('from a source in IGNORE_FILE is only an event in 1.x, and its refusal too', () => {
    const { recorder, lines, events } = given();
    const ignored = 'ignore file /etc/portsentry/portsentry.ignore:3 10.99.0.0/24';
    recorder.probe(probeEvent({ ignored, isSilent: true }), newReported());
    recorder.refused({
      ...probeEvent(),
      action: 'refused',
      origin: 'gateway',
      rule: ignored,
      isSilent: true,
    });
    expect(lines).toEqual([]);
    expect(events.map(({ event }) => event?.action)).toEqual(['probe', 'refused']);
  });

  test('from a source that another rule spares is a line like any other', () => {
    const { recorder, lines } = given();
    recorder.probe(probeEvent({ ignored: 'default gateway' }), newReported());
    expect(lines).toEqual([alertAt(111)]);
  });

  test('from a blocked source is followed by a line about that, once a minute', () => {
    const { recorder, lines } = given();
    const reported = newReported();
    for (const [port, time] of [1, 59_999, 60_001].entries()) {
      recorder.probe(
        probeEvent({ alreadyBlocked: true, destinationPort: port + 1, time: NOON + time }),
        reported,
      );
    }
    const blocked = `attackalert: Host: ${HOST} is already blocked Ignoring`;
    expect(lines).toEqual([alertAt(1), blocked, alertAt(2), alertAt(3), blocked]);
  });
});

describe('a source that goes on', () => {
  test('has ten lines and events, then one line after a minute', () => {
    const { recorder, lines, events } = given();
    const reported = newReported();
    scan(recorder, reported, 10);
    expect(lines).toEqual(Array.from({ length: 10 }, (_, index) => alertAt(index + 1)));
    scan(recorder, reported, 397, { time: NOON + 1_000 });
    recorder.probe(probeEvent({ repeat: true, time: NOON + 2_000 }), reported);
    recorder.tick(NOON + 60_999);
    expect(lines).toHaveLength(10);
    recorder.tick(NOON + 61_000);
    expect(lines.slice(10)).toEqual([`attackalert: 398 more probes from host: ${HOST} to 397 ports`]);
    expect(events).toHaveLength(10);
  });

  test('is summed up when it probes again, a minute at a time', () => {
    const { recorder, lines } = given();
    const reported = newReported();
    scan(recorder, reported, 10);
    for (let second = 0; second <= 120; second += 30) {
      scan(recorder, reported, 1, { time: NOON + second * 1_000 });
    }
    expect(lines.slice(10)).toEqual([`attackalert: 3 more probes from host: ${HOST} to 3 ports`]);
    recorder.close();
    expect(lines.slice(11)).toEqual([`attackalert: 2 more probes from host: ${HOST} to 2 ports`]);
  });

  test('has one last sum when its scan has ended', () => {
    const { recorder, lines } = given();
    const reported = newReported();
    scan(recorder, reported, 12);
    recorder.forget('10.99.0.1', reported);
    recorder.forget('10.99.0.1', reported);
    recorder.tick(NOON + 120_000);
    expect(lines.slice(10)).toEqual([`attackalert: 2 more probes from host: ${HOST} to 2 ports`]);
  });

  test('but only repeats itself appears in the sum', () => {
    const { recorder, lines, events } = given();
    const reported = newReported();
    scan(recorder, reported, 1);
    for (let count = 0; count < 3; count++) recorder.probe(probeEvent({ repeat: true }), reported);
    recorder.close();
    expect(lines).toEqual([
      alertAt(1),
      `attackalert: 3 more probes from host: ${HOST} to ports named before`,
    ]);
    expect(events).toHaveLength(1);
  });

  test('has ten more lines after SCAN_WINDOW, once the earlier probes are summed up', () => {
    const { recorder, lines } = given();
    const reported = newReported();
    scan(recorder, reported, 11);
    reported.reset();
    scan(recorder, reported, 1, { destinationPort: 80, time: NOON + 30_000 });
    expect(lines.slice(10)).toEqual([
      expect.stringMatching(/^attackalert: 1 more probes from host/),
      alertAt(80),
    ]);
  });

  test('has ten events before the trigger and ten after it', () => {
    const { recorder, lines, events } = given();
    const reported = newReported();
    scan(recorder, reported, 15, { triggered: false });
    scan(recorder, reported, 15);
    expect(events).toHaveLength(20);
    expect(lines).toHaveLength(10);
  });
});

describe('what a scan begins to do after its first ten lines', () => {
  test.each<[string, Partial<ProbeEvent>, RegExp]>([
    [
      'datagrams',
      { kind: 'udp', transport: 'udp', mode: 'audp' },
      /UDP scan from host: .* to UDP port: 500$/,
    ],
    ['NULL packets', { kind: 'null', tcpFlags: 0 }, /TCP NULL scan from host: .* to TCP port: 500$/],
    ['odd flags', { kind: 'odd', tcpFlags: 3 }, /Unknown Type: .* to TCP port: 500$/],
    ['odd flags to a port named before', { kind: 'odd', tcpFlags: 3, repeat: true }, /Unknown Type/],
    ['SCTP', { kind: 'sctp-init', transport: 'sctp' }, /SCTP INIT scan .* to SCTP port: 500$/],
  ])('%s: has its line once, and is in no sum', (_what, fields, line) => {
    const { recorder, lines, events } = given();
    const reported = newReported();
    scan(recorder, reported, 12);
    const first = { ...fields, destinationPort: 500 };
    reported.unreportedPorts++;
    recorder.probe(probeEvent(first), reported);
    expect(lines.slice(10)).toEqual([expect.stringMatching(line)]);
    expect(events).toHaveLength(11);
    reported.unreportedPorts++;
    recorder.probe(probeEvent({ ...first, destinationPort: 501 }), reported);
    recorder.close();
    expect(lines.slice(11)).toEqual([`attackalert: 3 more probes from host: ${HOST} to 3 ports`]);
  });

  test('IP options: have both of their lines once', () => {
    const { recorder, lines } = given();
    const reported = newReported();
    scan(recorder, reported, 12);
    recorder.probe(probeEvent({ ipOptions: true, destinationPort: 500 }), reported);
    recorder.probe(probeEvent({ ipOptions: true, destinationPort: 501 }), reported);
    expect(lines.slice(10)).toEqual([alertAt(500), expect.stringContaining('has IP options set')]);
  });

  test('a connect over UDP is not one over TCP', () => {
    const { recorder, lines } = given();
    const reported = newReported();
    scan(recorder, reported, 11, { kind: 'connect', mode: 'tcp' });
    recorder.probe(probeEvent({ kind: 'connect', mode: 'udp', transport: 'udp' }), reported);
    expect(lines.slice(10)).toEqual([`attackalert: Connect from host: ${HOST} to UDP port: 111`]);
  });
});

describe('of the events of a source', () => {
  function kinds(events: readonly { readonly event?: { readonly kind?: string } }[]): unknown[] {
    return events.map(({ event }) => event?.kind);
  }

  test('the first probe that triggered is an alert, once in a scan', () => {
    const { recorder, events } = given();
    const reported = newReported();
    scan(recorder, reported, 2, { triggered: false });
    scan(recorder, reported, 3);
    reported.endScan();
    scan(recorder, reported, 1);
    expect(kinds(events)).toEqual(['event', 'event', 'alert', 'event', 'event', 'alert']);
  });

  test.each<[string, Partial<ProbeEvent>]>([
    ['is spared', { ignored: 'default gateway' }],
    ['is a decoy', { decoy: true }],
    ['only pings', { kind: 'icmp', triggered: false }],
  ])('none is an alert when it %s', (_what, fields) => {
    const { recorder, events } = given({ sumUp: false });
    recorder.probe(probeEvent(fields), newReported());
    expect(kinds(events)).toEqual(['event']);
  });
});

test('two addresses of a network that begin the same actions have one event, one line and one history', () => {
  const { recorder, lines, events } = given();
  const outcome = { target: '2001:db8::/64', until: null, times: 1, method: 'command', steps: [] } as const;
  const first = probeEvent({ source: '2001:db8::1' });
  const event = { ...first, ...outcome, action: 'block-failed', reason: 'exit status 4' } as const;
  recorder.block(event, first);
  recorder.block(event, probeEvent({ source: '2001:db8::2' }));
  expect(events).toHaveLength(1);
  expect(lines).toEqual(['attackalert: ERROR: Could not block host 2001:db8::1/2001:db8::1 !!']);
});

test('a packet from the address that it was sent to has the line of 2.x', () => {
  const { recorder, lines } = given();
  recorder.local('127.0.0.1');
  expect(lines).toEqual(['debug: Source address 127.0.0.1 same as destination address 127.0.0.1, skipping']);
});

describe('in a replay', () => {
  test('every probe is an event, and every probe but repeats is a line', () => {
    const { recorder, lines, events } = given({ sumUp: false });
    const reported = newReported();
    scan(recorder, reported, 500);
    recorder.probe(probeEvent({ repeat: true }), reported);
    recorder.close();
    expect(lines).toEqual(Array.from({ length: 500 }, (_, index) => alertAt(index + 1)));
    expect(events).toHaveLength(501);
  });

  test('the recorder does not listen when nothing is written', () => {
    expect(given({ sumUp: false, text: null, events: null }).recorder.listens).toBe(false);
    expect(given({ sumUp: false, text: null }).recorder.listens).toBe(true);
  });
});

test('times are written as the wall clock has them, and rates go by the own clock', () => {
  const wallTime = wallTimeBy((time) => time - 3 * 3_600_000);
  const { recorder, lines, events } = given({ wallTime });
  const reported = newReported();
  const take = (ms: number) => recorder.probe(probeEvent({ time: NOON + ms, triggered: true }), reported);
  for (let index = 0; index < 100; index++) take(index);
  for (let second = 1; second < 59; second++) recorder.tick(NOON + second * 1_000);
  expect(lines.filter((line) => line.includes('more probes'))).toEqual([]);
  recorder.tick(NOON + 61_000);
  expect(lines.filter((line) => line.includes('more probes'))).toHaveLength(1);
  expect(events[0]).toMatchObject({ '@timestamp': new Date(NOON - 3 * 3_600_000).toISOString() });
});

describe('a flood', () => {
  test('of forged sources is 80 lines a second and one that counts the rest', () => {
    const { recorder, lines, events } = given();
    for (let index = 0; index < 5_000; index++) {
      recorder.probe(probeEvent({ source: `10.0.${index >> 8}.${index & 255}` }), newReported());
    }
    expect(lines).toHaveLength(80);
    expect(events).toHaveLength(1_000);
    recorder.tick(NOON + 1_000);
    expect(lines.slice(80)).toEqual([
      'adminalert: 4920 log lines of probes were left out, above 80 a second.',
      'adminalert: 4000 events were left out, above 1000 a second.',
    ]);
  });

  test('does not silence the actions against a scanner', () => {
    const { recorder, lines } = given();
    for (let index = 0; index < 200; index++) recorder.probe(probeEvent(), newReported());
    recorder.step('10.99.0.1', { step: 'route', text: 'true', failure: null });
    expect(lines.at(-1)).toBe(
      'attackalert: Host 10.99.0.1 has been blocked via dropped route using command: "true"',
    );
  });
});

describe('the response', () => {
  function withHistory(parts: Partial<RecorderParts> = {}) {
    const path = join(testFolder(), 'history');
    const tell = (text: string) => expect.fail(text);
    const history = new History({
      historyFile: path,
      blockedFile: null,
      modes: ['atcp'],
      tell,
    });
    const { recorder, lines, events } = given({ history, ...parts });
    const historyLines = () => {
      recorder.close();
      return readFileSync(path, 'utf8').trimEnd().split('\n');
    };
    return { recorder, lines, events, historyLines };
  }

  function blockEvent(action: BlockEvent['action']): BlockEvent {
    const { connects: _, ...probe } = probeEvent();
    const outcome = { target: probe.source, until: null, times: 1, method: 'command' } as const;
    const reason = action === 'block' ? null : 'exit status 4';
    return { ...probe, ...outcome, action, steps: [], reason };
  }

  test('that worked is in the history, and the log has no line besides those of its steps', () => {
    const { recorder, lines, events, historyLines } = withHistory();
    recorder.block(blockEvent('block'));
    expect(lines).toEqual([]);
    expect(events[0]?.event?.action).toBe('block');
    expect(historyLines()).toEqual([
      expect.stringMatching(/ Host: 10\.99\.0\.1\/10\.99\.0\.1 Port: 111 TCP Blocked$/),
    ]);
  });

  test('that failed is an error in the log and not in the history', () => {
    const { recorder, lines, events, historyLines } = withHistory();
    recorder.block(blockEvent('block-failed'));
    recorder.unblocked(probeEvent({ source: '10.99.0.7' }));
    expect(lines[0]).toBe(`attackalert: ERROR: Could not block host ${HOST} !!`);
    expect(events[0]?.event?.action).toBe('block-failed');
    expect(historyLines()).toEqual([expect.stringContaining('/10.99.0.7 ')]);
  });

  test('with BLOCK="0" is a line in the log and one in the history', () => {
    const { recorder, lines, historyLines } = withHistory();
    recorder.unblocked(probeEvent());
    expect(lines).toEqual(['attackalert: Ignoring TCP response per configuration file setting.']);
    expect(historyLines()).toHaveLength(1);
  });

  test('that is refused names the rule', () => {
    const { recorder, lines, events } = given();
    const rule = 'own address 10.99.0.1';
    recorder.refused({ ...probeEvent(), action: 'refused', origin: 'gateway', rule, isSilent: false });
    expect(lines).toEqual([`adminalert: Host: ${HOST} is never blocked: ${rule}`]);
    expect(events[0]?.event?.action).toBe('refused');
  });

  test('refusals of many forged sources leave the lines of actions their share', () => {
    const { recorder, lines } = given();
    for (let host = 0; host < 200; host++) {
      const source = `127.0.0.${host}`;
      const rule = 'loopback 127.0.0.0/8';
      recorder.refused({
        ...probeEvent({ source }),
        action: 'refused',
        origin: 'gateway',
        rule,
        isSilent: false,
      });
    }
    recorder.step('203.0.113.1', { step: 'route', text: 'nftables', failure: null });
    expect(lines).toHaveLength(81);
    expect(lines.at(-1)).toMatch(/^attackalert: Host 203\.0\.113\.1 has been blocked/);
  });

  test('to the end of a scan is an event', () => {
    const { recorder, lines, events } = given();
    recorder.scan(scanEvent({ probes: 1, ports: 1 }));
    expect(lines).toEqual([]);
    expect(events[0]?.event?.action).toBe('scan');
  });
});

describe('with names', () => {
  test('all lines of a source wait for its name and keep their order; other lines do not wait', async () => {
    let answer: (name: string) => void = () => {};
    const names = new Names(
      (address) =>
        new Promise((resolve) => {
          answer = resolve;
          expect(address).toBe('10.99.0.1');
        }),
    );
    const { recorder, lines } = given({ names });
    recorder.probe(probeEvent(), newReported());
    recorder.step('10.99.0.1', { step: 'route', text: 'true', failure: null });
    recorder.admin('written at once');
    expect(lines).toEqual(['adminalert: written at once']);
    answer('scanner.example');
    await Promise.resolve();
    expect(lines.slice(1)).toEqual([
      'attackalert: TCP SYN/Normal scan from host: scanner.example/10.99.0.1 to TCP port: 111',
      'attackalert: Host 10.99.0.1 has been blocked via dropped route using command: "true"',
    ]);
  });

  test('a name that does not come delays no line for more than three seconds, or beyond the end', () => {
    const { recorder, lines } = given({ names: new Names(() => new Promise(() => {})) });
    recorder.probe(probeEvent(), newReported());
    recorder.tick(NOON + 3_000);
    expect(lines).toEqual([alertAt(111)]);
    recorder.probe(probeEvent({ source: '10.99.0.9', time: NOON + 4_000 }), newReported());
    recorder.close();
    expect(lines[1]).toContain('10.99.0.9/10.99.0.9');
  });
});
