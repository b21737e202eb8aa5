import { describe, expect, test } from 'vitest';
import { Reason } from '../../../src/decode/reason.ts';
import { decoded } from '../../support/decoded.ts';
import { concat, ipv6, SYN, tcpSegment, udpDatagram } from '../../support/frames.ts';

const RAW = 101;
const ENDS = { source: 'fd00::1', destination: 'fd00::2' };
const LARGE = new Uint8Array(65_536);
const SEGMENT = tcpSegment({ ...ENDS, destinationPort: 111, flags: SYN, payload: LARGE });

/** An IPv6 packet with the payload length 0 and these octets as its hop-by-hop options. */
function packet(options: number[], nextHeader: number, payload: Uint8Array): Uint8Array {
  const header = Uint8Array.of(nextHeader, (options.length + 2) / 8 - 1, ...options);
  const octets = ipv6(ENDS, 0, concat(header, payload));
  new DataView(octets.buffer).setUint16(4, 0);
  return octets;
}

function jumbo(length: number): number[] {
  return [0xc2, 4, length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255];
}

describe('a jumbogram (RFC 2675)', () => {
  const length = 8 + SEGMENT.length;

  test('of TCP', () => {
    const { reason, sums, packet: seen } = decoded(packet(jumbo(length), 6, SEGMENT), RAW);
    expect([reason, sums]).toEqual([Reason.none, Reason.none]);
    expect(seen).toMatchObject({ destinationPort: 111, transportLength: SEGMENT.length, complete: true });
  });

  test('of UDP, whose own length is 0', () => {
    const datagram = udpDatagram({ ...ENDS, destinationPort: 9, payload: LARGE, length: 0 });
    const { reason, sums } = decoded(packet(jumbo(length - 12), 17, datagram), RAW);
    expect([reason, sums]).toEqual([Reason.none, Reason.none]);
  });

  test('with other options before its own', () => {
    const options = [0, 0, 1, 4, 9, 9, 9, 9, ...jumbo(length + 8)];
    expect(decoded(packet(options, 6, SEGMENT), RAW).reason).toBe(Reason.none);
  });

  test('cut by the snap length', () => {
    const whole = packet(jumbo(length), 6, SEGMENT);
    const { reason, packet: seen } = decoded(whole.slice(0, 96), RAW, whole.length);
    expect(reason).toBe(Reason.none);
    expect(seen).toMatchObject({ destinationPort: 111, tcpFlags: SYN, complete: false });
  });

  test('padded by the link', () => {
    const padded = concat(packet(jumbo(length), 6, SEGMENT), new Uint8Array(5));
    expect(decoded(padded, RAW).sums).toBe(Reason.none);
  });
});

describe('a false length', () => {
  const small = tcpSegment({ ...ENDS, destinationPort: 111, flags: SYN });
  test.each<[string, number[], Reason]>([
    ['a length that needs no jumbogram', jumbo(28), Reason.ipLength],
    ['the length 0', jumbo(0), Reason.ipLength],
    ['more than the frame holds', jumbo(65_536), Reason.ipLength],
    ['the largest possible length', jumbo(0xffffffff), Reason.ipLength],
    ['an option of another length', [0xc2, 2, 0, 0, 1, 0], Reason.ipLength],
    ['an option beyond the header', [1, 2, 0, 0, 0xc2, 4], Reason.ipLength],
    ['no option: Linux takes the length of the frame', [1, 4, 0, 0, 0, 0], Reason.none],
    ['a padding option that runs over', [1, 255, 0, 0, 0, 0], Reason.none],
  ])('%s', (_name, options, reason) => {
    expect(decoded(packet(options, 6, small), RAW).reason).toBe(reason);
  });
});
