import { describe, expect, test } from 'vitest';
import { classify, fillProbe } from '../../src/classify/classify.ts';
import { isImpossible, kindOfFlags } from '../../src/classify/flags.ts';
import { Kind, kindName, LAST_KIND } from '../../src/classify/kind.ts';
import { Probe } from '../../src/classify/probe.ts';
import { isTracerouteLike } from '../../src/classify/traceroute.ts';
import { DEFAULT_DETECT, kindList } from '../../src/config/kinds.ts';
import { Packet } from '../../src/decode/packet.ts';
import { ACK, FIN, PSH, RST, SYN, URG } from '../../src/decode/transport/tcp.ts';
import { parseAddress } from '../../src/net/address.ts';

function packetTo(destination: string, fields: Partial<Packet> = {}): Packet {
  const packet = Object.assign(new Packet(), { protocol: 6, tcpFlags: SYN, ...fields });
  const address = parseAddress(destination);
  if (address === null) throw new Error(`no address: ${destination}`);
  packet.destination.set(address);
  return packet;
}

describe('the six low flag bits decide the kind', () => {
  const named = new Map<number, Kind>([
    [0, Kind.null],
    [FIN, Kind.fin],
    [FIN | PSH | URG, Kind.xmas],
    [SYN, Kind.syn],
    [ACK, Kind.ack],
    [FIN | ACK, Kind.maimon],
  ]);

  test('all 64 combinations', () => {
    for (let flags = 0; flags < 64; flags++) {
      const isPlain = (flags & (ACK | RST)) !== 0 && !isImpossible(flags);
      const expected = named.get(flags) ?? (isPlain ? Kind.none : Kind.odd);
      expect(kindOfFlags(flags), `flags ${flags}`).toBe(expected);
    }
  });

  test.each([
    ['SYN/ACK, backscatter', SYN | ACK],
    ['RST, a refused connection of our own', RST],
    ['RST/ACK', RST | ACK],
    ['FIN/PSH/ACK, a connection that closes', FIN | PSH | ACK],
    ['PSH/ACK, data', PSH | ACK],
  ])('%s is no probe', (_name, flags) => {
    expect(kindOfFlags(flags)).toBe(Kind.none);
  });

  test.each<[string, number, boolean]>([
    ['no flags', 0, true],
    ['FIN', FIN, true],
    ['XMAS', FIN | PSH | URG, true],
    ['FIN/RST', FIN | RST, true],
    ['SYN/FIN', SYN | FIN, true],
    ['SYN/FIN/ACK', SYN | FIN | ACK, true],
    ['SYN/RST', SYN | RST, true],
    ['SYN/RST/ACK', SYN | RST | ACK, true],
    ['all six', 0x3f, true],
    ['SYN', SYN, false],
    ['SYN/PSH', SYN | PSH, false],
    ['PSH/URG', PSH | URG, false],
    ['SYN/ACK', SYN | ACK, false],
    ['FIN/ACK', FIN | ACK, false],
    ['RST', RST, false],
    ['RST/ACK', RST | ACK, false],
    ['FIN/RST/ACK', FIN | RST | ACK, false],
  ])('%s is impossible: %s', (_name, flags, expected) => {
    expect(isImpossible(flags)).toBe(expected);
    if (expected) expect(kindOfFlags(flags)).not.toBe(Kind.none);
  });

  test('ECE and CWR are ignored', () => {
    expect(kindOfFlags(SYN | 0x40 | 0x80)).toBe(Kind.syn);
  });
});

describe('an ACK or FIN/ACK', () => {
  test.each([
    [ACK, 20, Kind.ack],
    [FIN | ACK, 20, Kind.maimon],
    // With timestamps, as in every segment of a connection that negotiated them; with data.
    [ACK, 32, Kind.none],
    [FIN | ACK, 32, Kind.none],
    [ACK, 1460, Kind.none],
  ])('flags %i, %i octets', (tcpFlags, transportLength, kind) => {
    expect(classify(packetTo('10.0.0.2', { tcpFlags, transportLength }))).toBe(kind);
  });
});

describe('neither TCP nor UDP', () => {
  test.each<[string, Partial<Packet>, Kind]>([
    ['INIT', { protocol: 132, messageType: 1 }, Kind['sctp-init']],
    ['INIT-ACK', { protocol: 132, messageType: 2 }, Kind.none],
    ['DATA', { protocol: 132, messageType: 0 }, Kind.none],
    ['COOKIE-ECHO', { protocol: 132, messageType: 10 }, Kind['sctp-cookie-echo']],
    ['echo', { protocol: 1, messageType: 8 }, Kind.icmp],
    ['echo reply', { protocol: 1, messageType: 0 }, Kind.none],
    ['time stamp', { protocol: 1, messageType: 13 }, Kind.icmp],
    ['address mask', { protocol: 1, messageType: 17 }, Kind.icmp],
    ['unreachable', { protocol: 1, messageType: 3 }, Kind.none],
    ['IPv6 echo', { protocol: 58, messageType: 128 }, Kind.icmp],
    ['neighbour solicitation', { protocol: 58, messageType: 135 }, Kind.none],
    ['IPv4 type 128 is no IPv6 echo', { protocol: 1, messageType: 128 }, Kind.none],
    ['a protocol that no host speaks', { protocol: 99, destinationPort: 99 }, Kind['ip-protocol']],
  ])('%s', (_name, fields, kind) => {
    expect(classify(packetTo('10.0.0.2', { tcpFlags: 0, ...fields }))).toBe(kind);
  });
});

test.each([
  [17, 33_434, 1, true],
  [17, 33_523, 30, true],
  [17, 33_524, 1, false],
  [17, 33_433, 1, false],
  // nmap's datagrams start with a TTL of 37 or more, an honest host's with 64.
  [17, 33_434, 37, false],
  [6, 33_434, 1, false],
])('protocol %i, port %i, TTL %i is traceroute-like: %s', (protocol, destinationPort, ttl, expected) => {
  expect(isTracerouteLike(Object.assign(new Probe(), { protocol, destinationPort, ttl }))).toBe(expected);
});

describe('only packets to one host are probes', () => {
  test.each([
    ['10.0.0.2', Kind.syn],
    ['239.255.255.255', Kind.none],
    ['224.0.0.1', Kind.none],
    ['255.255.255.255', Kind.none],
    // Class E is unassigned, but it is no group.
    ['240.0.0.1', Kind.syn],
    ['223.255.255.255', Kind.syn],
    ['fd00::2', Kind.syn],
    ['ff02::1', Kind.none],
    ['fe80::1', Kind.syn],
  ])('a SYN to %s', (destination, kind) => {
    expect(classify(packetTo(destination))).toBe(kind);
    const datagram = packetTo(destination, { protocol: 17, tcpFlags: 0 });
    expect(classify(datagram)).toBe(kind === Kind.none ? Kind.none : Kind.udp);
  });

  test('not by a link-layer group address', () => {
    expect(classify(packetTo('10.0.0.255', { linkGroup: true }))).toBe(Kind.none);
    expect(classify(packetTo('10.0.0.255', { linkGroup: true, protocol: 17 }))).toBe(Kind.none);
  });
});

test('a probe copies all fields of its packet', () => {
  const fields = {
    time: 5.5,
    protocol: 6,
    sourcePort: 41302,
    destinationPort: 111,
    ttl: 61,
    tcpFlags: SYN,
    ipOptions: true,
    fragmented: true,
    identification: 54321,
    sequence: 0xfedcba98,
    window: 1024,
  };
  const packet = packetTo('10.0.0.2', fields);
  packet.source.setV4(0x0a000001);
  const probe = new Probe();
  fillProbe(probe, packet, Kind.syn);
  packet.source.setV4(0);
  expect(probe).toMatchObject({ ...fields, kind: Kind.syn });
  expect([probe.source.toString(), probe.destination.toString()]).toEqual(['10.0.0.1', '10.0.0.2']);
});

test('kinds have the names that events use', () => {
  const names = Object.values(Kind).map((kind) => kindName(kind));
  const tcp = ['null', 'fin', 'xmas', 'syn', 'odd', 'maimon', 'ack'];
  const others = ['udp', 'connect', 'sctp-init', 'sctp-cookie-echo', 'ip-protocol', 'icmp', 'arp'];
  expect(names).toEqual(['none', ...tcp, ...others]);
  // They are bits of a half word in a source's record, and the words of DETECT.
  expect(LAST_KIND).toBeLessThan(16);
  expect(kindList.parse(`icmp,arp,${DEFAULT_DETECT}`)).toEqual({ ok: true, value: names.slice(1) });
});
