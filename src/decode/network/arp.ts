import { PROTOCOL_ARP } from '../../net/protocol.ts';
import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';

// RFC 826, for IPv4 over hardware with addresses of 6 octets.
const ADDRESS_LENGTHS = 4;
const OPERATION = 6;
const SENDER_ADDRESS = 14;
const TARGET_ADDRESS = 24;
const LENGTH = 28;
const LENGTHS_6_AND_4 = 0x0604;
const REQUEST = 1;

/**
 * Decodes an ARP packet that asks for an address. Any other is not IP: an answer, and what a host sends about its own
 * address (RFC 5227).
 */
export function decodeArp(view: DataView, offset: number, end: number, packet: Packet): Reason {
  if (end - offset < LENGTH) return Reason.notIp;
  if (view.getUint16(offset + ADDRESS_LENGTHS) !== LENGTHS_6_AND_4) return Reason.notIp;
  if (view.getUint16(offset + OPERATION) !== REQUEST) return Reason.notIp;
  const sender = view.getUint32(offset + SENDER_ADDRESS);
  const target = view.getUint32(offset + TARGET_ADDRESS);
  if (sender === 0 || sender === target) return Reason.notIp;
  packet.family = 4;
  packet.protocol = PROTOCOL_ARP;
  packet.source.setV4(sender);
  packet.destination.setV4(target);
  packet.ttl = 0;
  packet.identification = 0;
  packet.ipOptions = false;
  packet.fragmented = false;
  packet.ipOffset = offset;
  packet.ipv4HeaderLength = 0;
  packet.transportOffset = offset;
  packet.transportLength = 0;
  packet.complete = false;
  packet.setPortless(0, 0);
  return Reason.none;
}
