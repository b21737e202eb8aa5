import { PROTOCOL_UDP } from '../../net/protocol.ts';
import type { Packet } from '../packet.ts';
import { UDP_HEADER_LENGTH } from '../transport/udp.ts';
import { IPV6_HEADER_LENGTH, IPV6_PAYLOAD_LENGTH } from './ipv6.ts';

/** The port of Teredo servers and relays (RFC 4380, section 2.7). */
export const TEREDO_PORT = 3544;

// RFC 4380, section 5.1.1: the headers that may precede the IPv6 packet, in this order.
const AUTHENTICATION = 0x0001;
const CLIENT_LENGTH = 2;
const AUTHENTICATION_LENGTH = 3;
/** The type and both lengths, then, behind the client and authentication values, nonce and confirmation. */
const MIN_AUTHENTICATION_LENGTH = 13;
const ORIGIN = 0x0000;
const ORIGIN_LENGTH = 8;

/**
 * Where the IPv6 packet in the decoded datagram begins; -1 when there is none. Its own length must fit into the
 * datagram: nothing else distinguishes it from the payload of some other protocol.
 */
export function findTeredoPacket(view: DataView, end: number, packet: Packet): number {
  if (packet.protocol !== PROTOCOL_UDP || packet.fragmented) return -1;
  const datagramEnd = packet.transportOffset + packet.transportLength;
  let position = packet.transportOffset + UDP_HEADER_LENGTH;
  if (end - position >= MIN_AUTHENTICATION_LENGTH && view.getUint16(position) === AUTHENTICATION) {
    const values = view.getUint8(position + CLIENT_LENGTH) + view.getUint8(position + AUTHENTICATION_LENGTH);
    position += MIN_AUTHENTICATION_LENGTH + values;
  }
  if (end - position >= ORIGIN_LENGTH && view.getUint16(position) === ORIGIN) position += ORIGIN_LENGTH;
  if (end - position < IPV6_HEADER_LENGTH || view.getUint8(position) >> 4 !== 6) return -1;
  const length = IPV6_HEADER_LENGTH + view.getUint16(position + IPV6_PAYLOAD_LENGTH);
  return position + length <= datagramEnd ? position : -1;
}
