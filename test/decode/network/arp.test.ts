import { expect, test } from 'vitest';
import { LINKTYPE_ETHERNET } from '../../../src/capture/link-type.ts';
import { decodeFrame } from '../../../src/decode/frame.ts';
import { Packet } from '../../../src/decode/packet.ts';
import { Reason } from '../../../src/decode/reason.ts';
import { arpPacket, ethernet } from '../../support/frames.ts';

const A = '10.0.0.1';
const B = '10.0.0.2';

function decode(payload: Uint8Array): [Reason, string, number] {
  const frame = ethernet(payload, { etherType: 0x0806 });
  const packet = new Packet();
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const reason = decodeFrame(view, 0, frame.length, frame.length, LINKTYPE_ETHERNET, packet);
  return [reason, `${packet.source} ${packet.destination}`, packet.protocol];
}

test('a request has its sender and the address that it asks for', () => {
  expect(decode(arpPacket(A, B))).toEqual([Reason.none, `${A} ${B}`, 0x0806]);
});

test.each([
  ['an answer', arpPacket(A, B, 2)],
  ['a probe for an own address', arpPacket('0.0.0.0', B)],
  ['an announcement', arpPacket(A, A)],
  ['a cut request', arpPacket(A, B).subarray(0, 27)],
  ['other addresses than those of IPv4', arpPacket(A, B).map((octet, at) => (at === 5 ? 16 : octet))],
])('%s is not IP', (_name, payload) => {
  expect(decode(payload)[0]).toBe(Reason.notIp);
});
