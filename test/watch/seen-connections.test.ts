import { describe, expect, test } from 'vitest';
import { Packet } from '../../src/decode/packet.ts';
import { ACK, FIN, PSH, RST, SYN } from '../../src/decode/transport/tcp.ts';
import { hasData, SeenConnections } from '../../src/watch/seen-connections.ts';
import { SALTS } from '../support/salts.ts';
import { address } from '../track/given.ts';

const CLIENT = '10.0.0.1';
const SERVER = '10.0.0.2';

/** A segment of the client, or with `back` of the server. */
interface Step {
  flags: number;
  back?: boolean;
  data?: number;
  at?: number;
  sequence?: number;
  client?: string;
  clientPort?: number;
}

function packet({
  flags,
  back = false,
  data = 0,
  at = 0,
  sequence = 1,
  client = CLIENT,
  clientPort = 40_000,
}: Step): Packet {
  const made = Object.assign(new Packet(), {
    time: at,
    protocol: 6,
    sourcePort: back ? 80 : clientPort,
    destinationPort: back ? clientPort : 80,
    tcpFlags: flags,
    sequence,
    transportLength: 20 + data,
  });
  made.source.set(address(back ? SERVER : client));
  made.destination.set(address(back ? client : SERVER));
  return made;
}

const back = { back: true };

/** Whether the client's and the server's segments are spared after these. */
function heldAfter(salt: number, steps: readonly Step[], at = 1): [client: boolean, server: boolean] {
  const connections = new SeenConnections(salt);
  for (const step of steps) connections.note(packet(step));
  return [
    connections.holds(packet({ flags: ACK, at })),
    connections.holds(packet({ flags: ACK, ...back, at })),
  ];
}

describe('a connection is what both ends speak in', () => {
  test.each<[string, Step[], boolean]>([
    ['a FIN/ACK answered by a bare ACK', [{ flags: FIN | ACK }, { flags: ACK, ...back }], true],
    ['an ACK answered by an ACK', [{ flags: ACK }, { flags: ACK, ...back }], true],
    ['a SYN/ACK', [{ flags: SYN }, { flags: SYN | ACK, ...back }], true],
    ['data of one end', [{ flags: ACK, ...back, data: 1_460 }], true],
    ['segments after a RST that nothing provoked', [{ flags: RST }, { flags: ACK, ...back }], true],
    ['a bare ACK alone', [{ flags: ACK }, { flags: ACK }], false],
    ['an ACK scan', [{ flags: ACK }, { flags: RST, ...back }], false],
    ['an ACK scan that is repeated', [{ flags: ACK }, { flags: RST, ...back }, { flags: ACK }], false],
    ['a Maimon scan', [{ flags: FIN | ACK }, { flags: RST | ACK, ...back }, { flags: FIN | ACK }], false],
    [
      'a SYN that is refused, then an ACK',
      [{ flags: SYN }, { flags: RST | ACK, ...back }, { flags: ACK }],
      false,
    ],
    ['a SYN/FIN/ACK', [{ flags: SYN | FIN | ACK }], false],
    ['all six flags', [{ flags: 0x3f, ...back }], false],
  ])('%s: %s', (_name, steps, expected) => {
    for (const salt of SALTS) expect(heldAfter(salt, steps), `salt ${salt}`).toEqual([expected, expected]);
  });

  test('another connection between the same addresses is not held', () => {
    for (const salt of SALTS) {
      const connections = new SeenConnections(salt);
      connections.note(packet({ flags: SYN | ACK, ...back }));
      expect(connections.holds(packet({ flags: ACK }))).toBe(true);
      expect(connections.holds(packet({ flags: ACK, clientPort: 40_001 }))).toBe(false);
      expect(connections.holds(packet({ flags: ACK, client: '10.0.0.3' }))).toBe(false);
    }
  });

  test.each<[string, Step[]]>([
    [
      'the second FIN',
      [
        { flags: FIN | ACK, at: 500 },
        { flags: FIN | ACK, ...back, at: 1_000 },
        { flags: ACK, at: 1_001 },
      ],
    ],
    [
      'the first RST',
      [
        { flags: RST | ACK, at: 1_000 },
        { flags: RST | ACK, at: 30_000 },
      ],
    ],
  ])('it is remembered for 60 s after its end by %s', (_name, end) => {
    const begin = { flags: SYN | ACK, ...back };
    expect(heldAfter(9, [begin, ...end], 61_000)).toEqual([true, true]);
    expect(heldAfter(9, [begin, ...end], 61_001)).toEqual([false, false]);
  });

  test('it goes on after one FIN, and its successor after both', () => {
    const begin = { flags: SYN | ACK, ...back };
    expect(heldAfter(9, [begin, { flags: FIN | ACK, at: 1_000 }], 900_000)).toEqual([true, true]);
    const successor = { flags: ACK | PSH, at: 200_000 };
    expect(heldAfter(9, [begin, { flags: RST, at: 1_000 }, successor], 900_000)).toEqual([true, true]);
  });
});

describe('noteEdges', () => {
  test('knows a SYN/ACK and the end, and nothing else', () => {
    const connections = new SeenConnections(0x80000001);
    for (const flags of [ACK, FIN | ACK, ACK | PSH, SYN, RST])
      connections.noteEdges(packet({ flags, data: 100 }));
    expect(connections.holds(packet({ flags: ACK }))).toBe(false);
    connections.noteEdges(packet({ flags: SYN | ACK, ...back }));
    connections.noteEdges(packet({ flags: RST, at: 5 }));
    expect(connections.holds(packet({ flags: ACK, at: 60_005 }))).toBe(true);
    expect(connections.holds(packet({ flags: ACK, at: 60_006 }))).toBe(false);
  });
});

describe('a port that sends data is a service when two peers acknowledge them', () => {
  function servicesAfter(steps: readonly Step[]) {
    const services: string[] = [];
    const connections = new SeenConnections(0xfedcba98, (host, port) => services.push(`${host}:${port}`));
    for (const step of steps) connections.note(packet(step));
    return { services, isSpared: connections.holds(packet({ flags: ACK, ...back, client: '10.0.0.99' })) };
  }
  const served = (client: string): Step[] => [
    { client, ...back, flags: ACK | PSH, data: 10 },
    { client, flags: ACK },
  ];

  test('its segments to others are spared, and it is reported once', () => {
    expect(servicesAfter([...served(CLIENT), ...served('10.0.0.3'), ...served('10.0.0.4')])).toEqual({
      services: [`${SERVER}:80`],
      isSpared: true,
    });
  });

  test.each<[string, Step[]]>([
    ['one peer twice', [...served(CLIENT), ...served(CLIENT)]],
    [
      'two peers of which one refuses',
      [
        ...served(CLIENT),
        { client: '10.0.0.3', ...back, flags: ACK | PSH },
        { client: '10.0.0.3', flags: RST },
      ],
    ],
    [
      'acknowledgements before the data',
      [
        { flags: ACK },
        { flags: ACK, client: '10.0.0.3' },
        { ...back, flags: ACK | PSH },
        { ...back, flags: ACK | PSH, client: '10.0.0.3' },
      ],
    ],
  ])('not by %s', (_name, steps) => {
    expect(servicesAfter(steps)).toEqual({ services: [], isSpared: false });
  });
});

describe('a SYN of a connection of which one direction is seen', () => {
  const syn = { flags: SYN, sequence: 7 };
  const data = { flags: ACK | PSH, data: 100, sequence: 8 };
  test.each<[string, Step[], boolean]>([
    ['went on with data', [syn, { flags: ACK, sequence: 8 }, data], true],
    ['did not go on', [syn, { flags: ACK, sequence: 8 }], false],
    ['has data of other numbers', [syn, { ...data, sequence: 900_000 }], false],
    ['was refused before', [syn, { flags: RST | ACK, ...back }, data], false],
    ['was refused after', [syn, data, { flags: RST, ...back }], false],
    ['has data before it', [data, syn], false],
  ])('%s: %s', (_name, steps, expected) => {
    for (const salt of SALTS) {
      const connections = new SeenConnections(salt);
      for (const step of steps) connections.note(packet(step));
      expect(connections.wentOn(packet(syn))).toBe(expected);
      expect(connections.wentOn(packet({ flags: SYN, back: true }))).toBe(false);
    }
  });
});

test.each([
  [ACK | PSH, 21, true],
  [ACK, 1_460, true],
  [ACK, 60, false],
  [SYN | ACK, 1_460, false],
  [SYN, 1_460, false],
  [FIN | ACK, 20, false],
  [RST | ACK, 1_460, false],
  [PSH, 1_460, false],
])('data by flags %i and %i octets: %s', (tcpFlags, transportLength, expected) => {
  expect(hasData(Object.assign(new Packet(), { tcpFlags, transportLength }))).toBe(expected);
});
