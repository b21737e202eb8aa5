import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeEthernet } from '../../src/decode/link/ethernet.ts';
import { Packet } from '../../src/decode/packet.ts';
import { decodePlain } from '../../src/decode/plain.ts';
import { Reason } from '../../src/decode/reason.ts';
import { ACK, concat, ethernet, PSH, SYN, tcpPacket, udpPacket, vlanTag } from '../support/frames.ts';

const ENDS = { source: '192.0.2.1', destination: '203.0.113.9' };
const SYN_111 = { ...ENDS, destinationPort: 111, flags: SYN, sequence: 0xfedcba98, window: 0xfffe };
const PADDING = new Uint8Array(6);
/** Where the IPv4 header begins. */
const IP = 14;

const syn = ethernet(tcpPacket(SYN_111));

function plain(frame: Uint8Array, wireLength = frame.length) {
  const packet = new Packet();
  // The view covers exactly the frame: a read outside it is a RangeError.
  const isPlain = decodePlain(new DataView(frame.slice().buffer), 0, frame.length, wireLength, packet);
  return { isPlain, packet };
}

function inGeneral(frame: Uint8Array, wireLength: number) {
  const packet = new Packet();
  const missing = wireLength - frame.length;
  const reason = decodeEthernet(new DataView(frame.slice().buffer), 0, frame.length, missing, packet);
  return { reason, packet };
}

/** `frame` with one octet changed. */
function changed(frame: Uint8Array, at: number, value: number): Uint8Array {
  const copy = frame.slice();
  copy[at] = value;
  return copy;
}

describe('is plain', () => {
  test.each<[string, Uint8Array, number?]>([
    ['a SYN', syn],
    ['data', ethernet(tcpPacket({ ...SYN_111, flags: ACK | PSH, payload: new Uint8Array(700) }))],
    ['a frame with padding', concat(syn, PADDING)],
    ['a frame to a group', ethernet(tcpPacket(SYN_111), { destination: 'ff:ff:ff:ff:ff:ff' })],
    ['a type of service', changed(syn, IP + 1, 0xb8)],
    ['"do not fragment"', changed(syn, IP + 6, 0x40)],
    ['a frame cut behind the window', syn.slice(0, 50), syn.length],
  ])('%s', (_name, frame, wireLength = frame.length) => {
    const { isPlain, packet } = plain(frame, wireLength);
    expect(isPlain).toBe(true);
    expect({ reason: Reason.none, packet }).toEqual(inGeneral(frame, wireLength));
  });
});

describe('is not plain, and leaves the packet alone', () => {
  test.each<[string, Uint8Array, number?]>([
    ['UDP', ethernet(udpPacket({ ...ENDS, destinationPort: 9 }))],
    [
      'IPv6',
      ethernet(tcpPacket({ source: 'fd00::1', destination: 'fd00::2', destinationPort: 9, flags: SYN })),
    ],
    ['a VLAN tag', ethernet(vlanTag(7, tcpPacket(SYN_111)), { etherType: 0x8100 })],
    ['IPv4 options', ethernet(tcpPacket(SYN_111, { options: new Uint8Array(4) }))],
    ['a first fragment', changed(syn, IP + 6, 0x20)],
    ['a later fragment', changed(syn, IP + 7, 0x01)],
    ['another IP version', changed(syn, IP, 0x55)],
    ['a total length of 0', changed(syn, IP + 3, 0)],
    ['a total length beyond the frame', changed(syn, IP + 3, 41)],
    ['a total length within the TCP header', changed(syn, IP + 3, 39)],
    ['a TCP header that is too short', changed(syn, IP + 32, 0x40)],
    ['a TCP header beyond the packet', changed(syn, IP + 32, 0x60)],
    ['a frame cut before the end of the window', syn.slice(0, 49), syn.length],
    ['more octets captured than were sent', syn, syn.length - 1],
  ])('%s', (_name, frame, wireLength = frame.length) => {
    const { isPlain, packet } = plain(frame, wireLength);
    expect(isPlain).toBe(false);
    expect(packet).toEqual(new Packet());
  });
});

test('for any octets, a plain frame is decoded as in general', () => {
  const data = ethernet(tcpPacket({ ...SYN_111, flags: ACK, payload: new Uint8Array(20) }));
  const frames = fc.constantFrom(syn, data, concat(syn, PADDING));
  const changes = fc.array(fc.tuple(fc.nat(data.length), fc.nat(255)), { maxLength: 3 });
  let known = 0;
  fc.assert(
    fc.property(frames, changes, fc.nat(80), fc.nat(10), (valid, edits, length, missing) => {
      const frame = edits
        .reduce((copy, [at, value]) => changed(copy, at, value), valid)
        .slice(0, 40 + length);
      const wireLength = frame.length + missing;
      const { isPlain, packet } = plain(frame, wireLength);
      if (!isPlain) return;
      known++;
      expect({ reason: Reason.none, packet }).toEqual(inGeneral(frame, wireLength));
    }),
    { numRuns: 20_000 },
  );
  expect(known).toBeGreaterThan(1_000);
});
