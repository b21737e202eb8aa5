import { expect, test } from 'vitest';
import { Packet } from '../../src/decode/packet.ts';
import { ACK, FIN, PSH, RST, SYN } from '../../src/decode/transport/tcp.ts';
import { SeenConnections, showsConnection } from '../../src/watch/seen-connections.ts';
import { address } from '../track/given.ts';

const between = (source: string, sourcePort: number, destination: string, destinationPort: number) => ({
  time: 0,
  source: address(source),
  sourcePort,
  destination: address(destination),
  destinationPort,
});

test('a connection is held in both directions, and another is not', () => {
  const connections = new SeenConnections(7);
  connections.note(between('10.0.0.1', 40_000, '10.0.0.2', 80));
  expect(connections.holds(between('10.0.0.1', 40_000, '10.0.0.2', 80))).toBe(true);
  expect(connections.holds(between('10.0.0.2', 80, '10.0.0.1', 40_000))).toBe(true);
  expect(connections.holds(between('10.0.0.1', 40_001, '10.0.0.2', 80))).toBe(false);
  expect(connections.holds(between('10.0.0.1', 80, '10.0.0.2', 40_000))).toBe(false);
});

test.each([
  [SYN | ACK, 40, true],
  [ACK | PSH, 21, true],
  [ACK, 1_460, true],
  [ACK, 60, false],
  [SYN, 1_460, false],
  [FIN | ACK, 20, false],
  [RST | ACK, 1_460, false],
  [PSH, 1_460, false],
])('flags %i, %i octets: %s', (tcpFlags, transportLength, expected) => {
  expect(showsConnection(Object.assign(new Packet(), { tcpFlags, transportLength }))).toBe(expected);
});
