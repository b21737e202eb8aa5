import { describe, expect, test } from 'vitest';
import { Packet } from '../../src/decode/packet.ts';
import { ACK, FIN, RST, SYN } from '../../src/decode/transport/tcp.ts';
import { Address } from '../../src/net/address.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../src/net/protocol.ts';
import { inferOpen } from '../../src/watch/infer.ts';
import { OpenPorts } from '../../src/watch/open-ports.ts';
import { SeenAnswers } from '../../src/watch/seen-answers.ts';
import { SeenConnections } from '../../src/watch/seen-connections.ts';
import { SALTS } from '../support/salts.ts';

const HOST = Address.v4(0x0a000002);
const OTHER = Address.v4(0x0a000003);

test('a port is in use at one address or at every one, in one protocol', () => {
  const open = new OpenPorts(0);
  open.add(PROTOCOL_UDP, HOST, 53);
  open.addEverywhere(PROTOCOL_TCP, 22);
  const asked = [
    open.has(PROTOCOL_UDP, HOST, 53),
    open.has(PROTOCOL_UDP, OTHER, 53),
    open.has(PROTOCOL_TCP, HOST, 53),
    open.has(PROTOCOL_TCP, OTHER, 22),
    open.has(PROTOCOL_UDP, HOST, 22),
  ];
  expect(asked).toEqual([true, false, false, true, false]);
});

test('every salt gives the same answers', () => {
  for (const salt of SALTS) {
    const open = new OpenPorts(salt);
    const hosts = Array.from({ length: 3_000 }, (_, index) => Address.v4(0x0a000000 + index * 65_537));
    for (const host of hosts) open.add(PROTOCOL_TCP, host, host.w3 & 1 ? 22 : 80);
    const wrong = hosts.filter(
      (host) =>
        open.has(PROTOCOL_TCP, host, 22) !== ((host.w3 & 1) === 1) || open.has(PROTOCOL_UDP, host, 22),
    );
    expect(wrong).toEqual([]);
  }
});

test('a port in use at every address stays so when one address is added', () => {
  const open = new OpenPorts(0);
  open.addEverywhere(PROTOCOL_TCP, 22);
  open.add(PROTOCOL_TCP, HOST, 22);
  expect(open.has(PROTOCOL_TCP, OTHER, 22)).toBe(true);
});

describe('a port that was denied and turns out to be in use', () => {
  function wrongAfter(...added: [protocol: number, address: Address, port: number][]): boolean {
    const open = new OpenPorts(0);
    open.add(PROTOCOL_TCP, HOST, 22);
    open.has(PROTOCOL_TCP, HOST, 79);
    open.keepDenials();
    open.has(PROTOCOL_TCP, HOST, 22);
    open.has(PROTOCOL_TCP, OTHER, 22);
    open.has(PROTOCOL_UDP, HOST, 53);
    for (const endpoint of added) open.add(...endpoint);
    return open.wasWrong;
  }

  test.each<[string, [number, Address, number], boolean]>([
    ['a port that was in use nowhere', [PROTOCOL_UDP, HOST, 53], true],
    ['a port that was in use elsewhere', [PROTOCOL_TCP, OTHER, 22], true],
    ['a port that was known', [PROTOCOL_TCP, HOST, 22], false],
    ['a port that was never asked for', [PROTOCOL_TCP, HOST, 80], false],
    ['a port asked for before denials were kept', [PROTOCOL_TCP, HOST, 79], false],
    ['another protocol', [PROTOCOL_TCP, HOST, 53], false],
  ])('%s', (_name, endpoint, expected) => {
    expect(wrongAfter(endpoint)).toBe(expected);
  });

  test('stays noted', () => {
    expect(wrongAfter([PROTOCOL_UDP, HOST, 53], [PROTOCOL_UDP, HOST, 53])).toBe(true);
  });
});

describe('what one packet shows about its sender', () => {
  test.each([
    ['a SYN/ACK', PROTOCOL_TCP, SYN | ACK, true],
    ['a SYN', PROTOCOL_TCP, SYN, false],
    ['an ACK', PROTOCOL_TCP, ACK, false],
    ['a RST/ACK, the answer of a closed port', PROTOCOL_TCP, RST | ACK, false],
    ['a FIN/ACK', PROTOCOL_TCP, FIN | ACK, false],
    ['a SYN/FIN/ACK', PROTOCOL_TCP, SYN | FIN | ACK, false],
    ['a datagram', PROTOCOL_UDP, 0, true],
  ])('%s', (_name, protocol, tcpFlags, expected) => {
    const packet = Object.assign(new Packet(), { protocol, tcpFlags, sourcePort: 80, destinationPort: 81 });
    packet.source.set(HOST);
    packet.destination.set(OTHER);
    const open = new OpenPorts(0);
    inferOpen(packet, open, new SeenConnections(0), new SeenAnswers(0));
    expect(open.has(protocol, HOST, 80)).toBe(expected);
    expect(open.has(protocol, OTHER, 81)).toBe(false);
  });
});
