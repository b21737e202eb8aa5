import { decodeEtherType } from './ethertype.ts';
import type { Packet } from './packet.ts';
import { Reason } from './reason.ts';

// LINKTYPE_LINUX_SLL, "Linux cooked capture": what the device `any` and devices without link header give.
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
  const type = view.getUint16(offset + PACKET_TYPE);
  packet.linkGroup = type === PACKET_TYPE_BROADCAST || type === PACKET_TYPE_MULTICAST;
  return decodeEtherType(
    view,
    view.getUint16(offset + PROTOCOL),
    offset + HEADER_LENGTH,
    end,
    missing,
    packet,
  );
}
