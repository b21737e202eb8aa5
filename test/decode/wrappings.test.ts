import { describe, expect, test } from 'vitest';
import { Reason } from '../../src/decode/reason.ts';
import { decoded } from '../support/decoded.ts';
import { FIN, PSH, SYN, tcpPacket, URG, udpPacket } from '../support/frames.ts';
import { holds, WRAPPINGS } from '../support/wrappings.ts';

const V4 = { source: '10.0.0.1', destination: '10.0.0.2' };
const V6 = { source: 'fd00::1', destination: 'fd00::2' };
const PORTS = { sourcePort: 41_302, destinationPort: 111 };

/** Octets behind flags and window in a TCP header of 20, and behind the ports in a UDP datagram of 8 and 3. */
const AFTER_TCP_FLAGS = 4;
const AFTER_UDP_PORTS = 7;

const FLAGS = [SYN, 0, FIN, FIN | PSH | URG];
const PACKETS = [V4, V6].flatMap((ends) => [
  ...FLAGS.map((flags) => ({
    octets: tcpPacket({ ...ends, ...PORTS, flags }),
    seen: { ...ends, ...PORTS, protocol: 6, tcpFlags: flags },
  })),
  {
    octets: udpPacket({ ...ends, ...PORTS, payload: new Uint8Array(3) }),
    seen: { ...ends, ...PORTS, protocol: 17, tcpFlags: 0 },
  },
]);

describe.each(WRAPPINGS)('$name', (wrapping) => {
  const held = PACKETS.filter(({ octets }) => holds(wrapping, octets));

  test('leads to the packet', () => {
    for (const { octets, seen } of held) {
      const { reason, sums, packet } = decoded(wrapping.wrap(octets), wrapping.linkType);
      const { source, destination, sourcePort, destinationPort, protocol, tcpFlags } = packet;
      expect([reason, sums]).toEqual([Reason.none, Reason.none]);
      expect({
        source: source.toString(),
        destination: destination.toString(),
        sourcePort,
        destinationPort,
        protocol,
        tcpFlags,
      }).toEqual(seen);
      const { ipOptions = false } = wrapping;
      expect(packet).toMatchObject({ ipOptions, fragmented: false, linkGroup: false });
    }
  });

  test('is decoded as far as the ports when it is cut behind them', () => {
    for (const { octets, seen } of held) {
      const frame = wrapping.wrap(octets);
      const { tcpFlags, protocol, destinationPort } = seen;
      const behind = protocol === 6 ? AFTER_TCP_FLAGS : AFTER_UDP_PORTS;
      const kept = frame.length - trailing(wrapping.wrap, octets) - behind;
      const { reason, packet } = decoded(frame.slice(0, kept), wrapping.linkType, frame.length);
      expect(reason).toBe(Reason.none);
      expect(packet).toMatchObject({ destinationPort, tcpFlags, complete: false });
      const shorter = decoded(frame.slice(0, kept - 1), wrapping.linkType, frame.length);
      expect(shorter.reason).toBe(Reason.transportHeader);
    }
  });
});

/** The number of octets that the wrapping adds behind the packet. */
function trailing(wrap: (packet: Uint8Array) => Uint8Array, octets: Uint8Array): number {
  const [one, other] = [octets.slice(), octets.slice()];
  one[octets.length - 1] = 0x55;
  other[octets.length - 1] = 0xaa;
  const [first, second] = [wrap(one), wrap(other)];
  return first.length - 1 - first.findLastIndex((octet, index) => octet !== second[index]);
}
