import { describe, expect, test } from 'vitest';
import { Reason } from '../../../src/decode/reason.ts';
import { decoded } from '../../support/decoded.ts';
import { concat, ethernet, ipPacket, ipv4, SYN, tcpPacket, u16, udpPacket } from '../../support/frames.ts';
import { gre, teredo } from '../../support/wrappings.ts';

const OUTER = { source: '192.0.2.1', destination: '192.0.2.2' };
const V4 = { source: '10.0.0.1', destination: '10.0.0.2', destinationPort: 111 };
const V6 = { source: 'fd00::1', destination: 'fd00::2', destinationPort: 111 };
const INNER_V4 = tcpPacket({ ...V4, flags: SYN });
const INNER_V6 = tcpPacket({ ...V6, flags: SYN });

const tunnel = (protocol: number, payload: Uint8Array, fields = {}) =>
  ethernet(ipPacket(OUTER, protocol, payload, fields));

test('the checksums of the inner headers count', () => {
  expect(decoded(tunnel(4, INNER_V4, { checksum: 1 })).sums).toBe(Reason.none);
  expect(decoded(tunnel(4, tcpPacket({ ...V4, flags: SYN }, { checksum: 1 }))).sums).toBe(Reason.ipChecksum);
  const wrong = tcpPacket({ ...V6, flags: SYN, checksum: 1 });
  expect(decoded(tunnel(41, wrong)).sums).toBe(Reason.transportChecksum);
});

test('the IP options of the inner header count', () => {
  expect(decoded(tunnel(4, INNER_V4, { options: new Uint8Array(4) })).packet.ipOptions).toBe(false);
});

describe('no tunnel, or one too deep', () => {
  const twice = ipPacket(OUTER, 4, INNER_V4);
  test.each<[string, Uint8Array, Reason]>([
    ['a tunnel in a tunnel', tunnel(4, twice), Reason.otherProtocol],
    ['Teredo in a tunnel is a datagram', tunnel(4, teredo(INNER_V6)), Reason.none],
    ['IPv6 announced as IPv4', tunnel(4, INNER_V6), Reason.ipVersion],
    ['an inner packet longer than the outer one', tunnel(4, INNER_V4.slice(0, -1)), Reason.ipLength],
    ['nothing inside', tunnel(41, new Uint8Array()), Reason.ipHeader],
    ['IGMP inside', tunnel(4, ipv4(OUTER, 2, new Uint8Array(8))), Reason.otherProtocol],
    ['GRE that carries Ethernet', tunnel(47, gre(INNER_V4, 0, 0x6558)), Reason.otherProtocol],
    ['GRE, version 1', tunnel(47, gre(INNER_V4, 0x0001)), Reason.otherProtocol],
    ['GRE with routing', tunnel(47, gre(INNER_V4, 0x4000)), Reason.otherProtocol],
    ['cut GRE', tunnel(47, new Uint8Array(3)), Reason.otherProtocol],
    [
      'GRE without its key',
      tunnel(47, gre(new Uint8Array(), 0x2000, 0x0800).slice(0, 7)),
      Reason.otherProtocol,
    ],
  ])('%s', (_name, frame, reason) => {
    expect(decoded(frame).reason).toBe(reason);
  });
});

describe('a datagram to the Teredo port without an IPv6 packet is a datagram', () => {
  test.each<[string, Uint8Array]>([
    ['empty', new Uint8Array()],
    ['text', new Uint8Array(60).fill(0x41)],
    ['IPv4', INNER_V4],
    ['IPv6 that is longer than the datagram', INNER_V6.slice(0, -1)],
    ['a cut authentication', Uint8Array.of(0, 1, 255, 255, ...new Uint8Array(60))],
  ])('%s', (_name, payload) => {
    const { reason, sums, packet } = decoded(ethernet(teredo(payload)));
    expect([reason, sums]).toEqual([Reason.none, Reason.none]);
    expect(packet).toMatchObject({ protocol: 17, destinationPort: 3544, family: 4 });
  });

  test('and so is one from that port', () => {
    const answer = udpPacket({ ...OUTER, sourcePort: 3544, destinationPort: 50_000, payload: INNER_V6 });
    expect(decoded(ethernet(answer)).packet).toMatchObject({ protocol: 17, destinationPort: 50_000 });
  });

  test('a TCP segment to port 3544 is a segment', () => {
    const segment = tcpPacket({ ...V4, destinationPort: 3544, flags: SYN, payload: INNER_V6 });
    expect(decoded(ethernet(segment)).packet).toMatchObject({ protocol: 6, destinationPort: 3544 });
  });
});

describe('fragments', () => {
  test('a first fragment of the outer packet shows the inner one', () => {
    const payload = tcpPacket({ ...V4, flags: SYN, payload: new Uint8Array(80) });
    const { reason, sums, packet } = decoded(tunnel(4, payload.slice(0, 64), { moreFragments: true }));
    expect([reason, sums]).toEqual([Reason.none, Reason.none]);
    expect(packet).toMatchObject({ destinationPort: 111, tcpFlags: SYN, fragmented: true, complete: false });
  });

  test('a later fragment of the inner packet is a fragment', () => {
    const inner = ipv4(V4, 6, new Uint8Array(16), { fragmentOffset: 8 });
    const { reason, packet } = decoded(tunnel(4, inner));
    expect(reason).toBe(Reason.fragment);
    expect(packet.source.toString()).toBe(V4.source);
  });
});

test('link padding is not part of the inner packet', () => {
  const cut = concat(tunnel(4, INNER_V4.slice(0, -2)), u16(0));
  expect(decoded(cut).reason).toBe(Reason.ipLength);
});
