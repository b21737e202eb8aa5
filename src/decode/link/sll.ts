import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';
import { decodeEtherType } from './ethertype.ts';

// LINKTYPE_LINUX_SLL, "Linux cooked capture": from the device `any` and from devices without a link header.
const PACKET_TYPE = 0;
const PROTOCOL = 14;
const HEADER_LENGTH = 16;

const PACKET_TYPE_BROADCAST = 1;
const PACKET_TYPE_MULTICAST = 2;

/** Decodes a Linux cooked frame, version 1. */
export function decodeSll(
  view: DataView,
  offset: number,
  end: number,
  missing: number,
  packet: Packet,
): Reason {
  if (end - offset < HEADER_LENGTH) return Reason.linkHeader;
  packet.linkGroup = isGroupPacketType(view.getUint16(offset + PACKET_TYPE));
  const protocol = view.getUint16(offset + PROTOCOL);
  return decodeEtherType(view, protocol, offset + HEADER_LENGTH, end, missing, packet);
}

/** Whether the frame was sent to a link-layer group address, according to the kernel's packet type. */
export function isGroupPacketType(type: number): boolean {
  return type === PACKET_TYPE_BROADCAST || type === PACKET_TYPE_MULTICAST;
}
