import fc from 'fast-check';
import { ACK, ethernet, FIN, PSH, RST, SYN, tcpPacket } from './frames.ts';

/** A frame and its time in ms after the beginning. */
export interface TimedFrame {
  readonly time: number;
  readonly data: Uint8Array;
}

/** One honest TCP connection, and what a capture shows of it. */
export interface HonestConnection {
  readonly client: string;
  readonly clientPort: number;
  readonly server: string;
  readonly serverPort: number;
  /** When its first segment that is shown was sent, in ms. */
  readonly start: number;
  /** `before`: its handshake is not in the capture. */
  readonly begins: 'before' | 'inside';
  /** `reset`: the client resets it, and segments of the server still arrive. */
  readonly ends: 'after' | 'closed' | 'reset';
  readonly shows: 'both' | 'client' | 'server';
  /** Exchanges of a request and an answer of this many full segments, and the time between segments, in ms. */
  readonly answers: readonly number[];
  readonly pace: number;
  /** Every segment with this remainder is sent twice. */
  readonly repeats: number;
}

const HOSTS = fc.integer({ min: 1, max: 6 });

/** Few hosts and ports, so that one host speaks to many ports of another. */
export const HONEST_CONNECTION: fc.Arbitrary<HonestConnection> = fc.record({
  client: HOSTS.map((host) => `10.1.0.${host}`),
  clientPort: fc.integer({ min: 32_768, max: 60_999 }),
  server: HOSTS.map((host) => `192.0.2.${host}`),
  serverPort: fc.constantFrom(22, 25, 80, 143, 443, 993, 5_432, 8_080),
  start: fc.integer({ min: 0, max: 60_000 }),
  begins: fc.constantFrom('before', 'inside'),
  ends: fc.constantFrom('after', 'closed', 'reset'),
  shows: fc.constantFrom('both', 'both', 'client', 'server'),
  answers: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
  pace: fc.constantFrom(1, 40, 2_000),
  repeats: fc.integer({ min: 2, max: 9 }),
});

/** The frames of the connections, by time. */
export function framesOf(connections: readonly HonestConnection[]): TimedFrame[] {
  // Two connections at once have no ports in common.
  const byPorts = new Map(connections.map((each) => [`${each.client} ${each.clientPort}`, each]));
  return [...byPorts.values()].flatMap(framesOfOne).sort((a, b) => a.time - b.time);
}

function framesOfOne(connection: HonestConnection): TimedFrame[] {
  const { client, clientPort, server, serverPort, begins, ends, shows, answers, pace, repeats } = connection;
  const frames: TimedFrame[] = [];
  let { start: time } = connection;
  let count = 0;
  const sequences = { client: 1_000, server: 9_000 };
  const send = (from: 'client' | 'server', flags: number, length = 0) => {
    const ends =
      from === 'client'
        ? { source: client, sourcePort: clientPort, destination: server, destinationPort: serverPort }
        : { source: server, sourcePort: serverPort, destination: client, destinationPort: clientPort };
    const payload = new Uint8Array(length);
    const data = ethernet(tcpPacket({ ...ends, flags, sequence: sequences[from], payload }));
    sequences[from] += length + ((flags & (SYN | FIN)) === 0 ? 0 : 1);
    time += pace;
    if (shows !== 'both' && shows !== from) return;
    frames.push({ time, data });
    if (count++ % repeats === 0) frames.push({ time: time + pace / 2, data });
  };
  if (begins === 'inside') {
    send('client', SYN);
    send('server', SYN | ACK);
    send('client', ACK);
  }
  for (const segments of answers) {
    send('client', ACK | PSH, 120);
    send('server', ACK);
    for (let segment = 1; segment <= segments; segment++) {
      send('server', segment === segments ? ACK | PSH : ACK, 1_400);
      send('client', ACK);
    }
  }
  if (ends === 'closed') {
    send('client', FIN | ACK);
    send('server', ACK);
    send('server', FIN | ACK);
    send('client', ACK);
  } else if (ends === 'reset') {
    send('client', RST);
    send('server', ACK);
    send('server', FIN | ACK);
    send('server', FIN | ACK);
  }
  return frames;
}
