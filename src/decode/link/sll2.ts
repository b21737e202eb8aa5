import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';
import { decodeEtherType } from './ethertype.ts';
import { isGroupPacketType } from './sll.ts';

// LINKTYPE_LINUX_SLL2: like version 1, plus the interface index; the protocol comes first.
const PROTOCOL = 0;
const PACKET_TYPE = 10;
const HEADER_LENGTH = 20;

/** Decodes a Linux cooked frame, version 2. */
export function decodeSll2(
  view: DataView,
  offset: number,
  end: number,
  missing: number,
  packet: Packet,
): Reason {
  if (end - offset < HEADER_LENGTH) return Reason.linkHeader;
  packet.linkGroup = isGroupPacketType(view.getUint8(offset + PACKET_TYPE));
  const protocol = view.getUint16(offset + PROTOCOL);
  return decodeEtherType(view, protocol, offset + HEADER_LENGTH, end, missing, packet);
}
