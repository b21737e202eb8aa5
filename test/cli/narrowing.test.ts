import { describe, expect, test } from 'vitest';
import { Kind } from '../../src/classify/kind.ts';
import { needsFirstPacket, readNarrow } from '../../src/cli/narrowing.ts';
import { PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP } from '../../src/net/protocol.ts';
import { probe } from '../track/given.ts';

const NONE = { since: undefined, until: undefined, port: undefined, source: undefined };

const takes = (options: object, fields: object) => {
  const given = probe({});
  Object.assign(given, { kind: Kind.syn, protocol: PROTOCOL_TCP, ...fields });
  return readNarrow({ ...NONE, ...options })?.takes(given);
};

test('nothing narrows without options', () => {
  expect(readNarrow(NONE)).toBeNull();
});

describe('ports', () => {
  test.each([
    ['22', PROTOCOL_TCP, 22, true],
    ['22', PROTOCOL_UDP, 22, true],
    ['22', PROTOCOL_TCP, 23, false],
    ['tcp/22', PROTOCOL_UDP, 22, false],
    ['80-90, udp/53', PROTOCOL_TCP, 85, true],
    ['80-90, udp/53', PROTOCOL_TCP, 53, false],
    ['80-90, udp/53', PROTOCOL_UDP, 53, true],
    ['8', PROTOCOL_ICMP, 8, false],
  ])('--port %s, protocol %i, port %i: %s', (port, protocol, destinationPort, expected) => {
    expect(takes({ port }, { protocol, destinationPort })).toBe(expected);
  });

  test.each(['', 'x', '22;23', '70000', 'icmp/8', '5-2'])('--port %s is refused', (port) => {
    expect(() => readNarrow({ ...NONE, port })).toThrow(expect.objectContaining({ exit: 64 }));
  });
});

describe('times', () => {
  const NOON = Date.parse('2026-11-22T12:00:00Z');

  test.each([
    ['2026-11-22T12:00:00Z', '2026-11-22T12:00:01Z', 0, true],
    ['2026-11-22T12:00:00Z', '2026-11-22T12:00:01Z', 999.9, true],
    ['2026-11-22T12:00:00Z', '2026-11-22T12:00:01Z', 1_000, false],
    ['2026-11-22T13:00:00.001+01:00', undefined, 0, false],
    [undefined, '2026-11-22 12:00Z', -1, true],
  ])('from %s to %s, %i ms after noon: %s', (since, until, ms, expected) => {
    expect(takes({ since, until }, { time: NOON + ms })).toBe(expected);
  });

  test('a time without a zone is local, and a date is its first moment', () => {
    const local = new Date(2026, 10, 22).getTime();
    expect(takes({ since: '2026-11-22' }, { time: local })).toBe(true);
    expect(takes({ since: '2026-11-22' }, { time: local - 1 })).toBe(false);
    expect(takes({ since: '2026-11-22 00:00:01' }, { time: local })).toBe(false);
  });

  test.each<[string | undefined, string | undefined, Date, boolean]>([
    ['13:33', undefined, new Date(2026, 10, 22, 13, 32, 59, 999), false],
    ['13:33', undefined, new Date(2026, 10, 22, 13, 33), true],
    ['13:33', '13:34:30', new Date(2026, 10, 22, 13, 34, 30), false],
    // Before the first packet: the day after.
    [undefined, '08:00', new Date(2026, 10, 23, 7, 59), true],
    [undefined, '08:00', new Date(2026, 10, 23, 8, 0), false],
    ['22:00', '01:00', new Date(2026, 10, 23, 0, 59), true],
    ['2026-11-24 22:00', '01:00', new Date(2026, 10, 25, 0, 59), true],
    ['2026-11-24 22:00', '01:00', new Date(2026, 10, 25, 1), false],
  ])('a time alone, from %s to %s: %s', (since, until, time, expected) => {
    const first = new Date(2026, 10, 22, 9).getTime();
    expect(needsFirstPacket({ ...NONE, since, until })).toBe(true);
    const narrow = readNarrow({ ...NONE, since, until }, first);
    expect(narrow?.spans(time.getTime())).toBe(expected);
  });

  test.each(['', '25:00', '1:2', '13:33Z', 'noon', '2026-13-01', '22.11.2026', '2026-11-22 25:00'])(
    '--since %s is refused',
    (since) => {
      expect(() => readNarrow({ ...NONE, since })).toThrow(expect.objectContaining({ exit: 64 }));
    },
  );

  test('a span that ends before it begins is refused', () => {
    const options = { ...NONE, since: '2026-11-22', until: '2026-11-21' };
    expect(() => readNarrow(options)).toThrow(expect.objectContaining({ exit: 64 }));
  });
});

test.each([
  ['10.1.0.1', '10.1.0.1', true],
  ['10.1.0.1', '10.1.0.2', false],
  ['192.0.2.0/24, 10.1.0.0/16', '10.1.200.2', true],
])('--source %s, %s: %s', (source, from, expected) => {
  expect(takes({ source }, { source: probe({ source: from }).source })).toBe(expected);
});
