import { describe, expect, test } from 'vitest';
import { classify, fillProbe } from '../../src/classify/classify.ts';
import { kindOfFlags } from '../../src/classify/flags.ts';
import { Kind, kindName } from '../../src/classify/kind.ts';
import { Probe } from '../../src/classify/probe.ts';
import { Packet } from '../../src/decode/packet.ts';
import { ACK, FIN, PSH, RST, SYN, URG } from '../../src/decode/tcp.ts';
import { parseAddress } from '../../src/net/address.ts';

function packetTo(destination: string, fields: Partial<Packet> = {}): Packet {
  const packet = Object.assign(new Packet(), { protocol: 6, tcpFlags: SYN, ...fields });
  const address = parseAddress(destination);
  if (address === null) throw new Error(`no address: ${destination}`);
  packet.destination.set(address);
  return packet;
}

describe('the six low flag bits decide', () => {
  const named = new Map<number, Kind>([
    [0, Kind.null],
    [FIN, Kind.fin],
    [FIN | PSH | URG, Kind.xmas],
    [SYN, Kind.syn],
  ]);

  test('all 64 sets', () => {
    for (let flags = 0; flags < 64; flags++) {
      const expected = (flags & (ACK | RST)) !== 0 ? Kind.none : (named.get(flags) ?? Kind.odd);
      expect(kindOfFlags(flags), `flags ${flags}`).toBe(expected);
    }
  });

  test.each([
    ['SYN/ACK, backscatter', SYN | ACK],
    ['RST, a refused connection of our own', RST],
    ['RST/ACK', RST | ACK],
    ['FIN/ACK, a connection that closes', FIN | ACK],
    ['ACK', ACK],
    ['PSH/ACK, data', PSH | ACK],
    ['SYN/RST', SYN | RST],
  ])('%s is no probe', (_name, flags) => {
    expect(kindOfFlags(flags)).toBe(Kind.none);
  });

  test('ECE and CWR do not count', () => {
    expect(kindOfFlags(SYN | 0x40 | 0x80)).toBe(Kind.syn);
  });
});

describe('only what is sent to one host', () => {
  test.each([
    ['10.0.0.2', Kind.syn],
    ['239.255.255.255', Kind.none],
    ['224.0.0.1', Kind.none],
    ['255.255.255.255', Kind.none],
    // Class E is nobody's, but it is no group.
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

  test('nor by a group address of the link', () => {
    expect(classify(packetTo('10.0.0.255', { linkGroup: true }))).toBe(Kind.none);
    expect(classify(packetTo('10.0.0.255', { linkGroup: true, protocol: 17 }))).toBe(Kind.none);
  });
});

test('a probe has everything of its packet, and keeps it', () => {
  const fields = {
    time: 5.5,
    protocol: 6,
    sourcePort: 41302,
    destinationPort: 111,
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
  expect(names).toEqual(['none', 'null', 'fin', 'xmas', 'syn', 'odd', 'maimon', 'ack', 'udp', 'connect']);
});
