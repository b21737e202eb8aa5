import { expect, test } from 'vitest';
import { Reason } from '../../../src/decode/reason.ts';
import { decoded } from '../../support/decoded.ts';
import { concat, SYN, tcpPacket } from '../../support/frames.ts';
import { nflog } from '../../support/wrappings.ts';

const NFLOG = 239;
const PACKET = tcpPacket({
  source: '10.0.0.1',
  destination: '10.0.0.2',
  destinationPort: 111,
  flags: SYN,
  payload: new Uint8Array(100),
});
const IPV4_HEADER = Uint8Array.of(2, 0, 0, 0);
/** An entry of 4 octets other than the payload. */
const OTHER = Uint8Array.of(8, 0, 3, 0, 0, 0, 0, 0);

test('a packet of which the kernel copied only the start is decoded as far as the ports', () => {
  const { reason, packet } = decoded(nflog(PACKET.slice(0, 40), true), NFLOG);
  expect(reason).toBe(Reason.none);
  expect(packet).toMatchObject({ destinationPort: 111, tcpFlags: SYN, complete: false });
});

test.each<[string, Uint8Array, Reason]>([
  ['ARP', concat(Uint8Array.of(3, 0, 0, 0), OTHER), Reason.notIp],
  ['another version', concat(Uint8Array.of(2, 1, 0, 0), OTHER), Reason.notIp],
  ['no payload', concat(IPV4_HEADER, OTHER), Reason.linkHeader],
  ['an entry of length 0', concat(IPV4_HEADER, new Uint8Array(400)), Reason.linkHeader],
  ['an entry beyond the frame', concat(IPV4_HEADER, Uint8Array.of(9, 0, 9, 0, 0x45)), Reason.linkHeader],
  ['endless entries', concat(IPV4_HEADER, ...new Array(1000).fill(OTHER)), Reason.linkDepth],
])('%s', (_name, frame, reason) => {
  expect(decoded(frame, NFLOG).reason).toBe(reason);
});
