import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';
import { decodeRawIp } from './raw-ip.ts';

// RFC 3032, section 2.1: label, traffic class, bottom of stack, time to live.
const LABEL_STACK_ENTRY_LENGTH = 4;
const BOTTOM_OF_STACK_OCTET = 2;
const BOTTOM_OF_STACK = 0x01;

/** Networks stack three or four labels; a longer stack is an attack on the decoder. */
const MAX_MPLS_LABELS = 8;

/** Decodes a label stack. The stack does not name its payload; the first four bits of an IP packet do. */
export function decodeMpls(
  view: DataView,
  offset: number,
  end: number,
  missing: number,
  packet: Packet,
): Reason {
  let position = offset;
  for (let labels = 0; labels < MAX_MPLS_LABELS; labels++) {
    if (end - position < LABEL_STACK_ENTRY_LENGTH) return Reason.linkHeader;
    const bottom = (view.getUint8(position + BOTTOM_OF_STACK_OCTET) & BOTTOM_OF_STACK) !== 0;
    position += LABEL_STACK_ENTRY_LENGTH;
    if (bottom) return decodePayload(view, position, end, missing, packet);
  }
  return Reason.linkDepth;
}

/** Anything but IP is a pseudowire (RFC 4385, section 3). */
function decodePayload(view: DataView, offset: number, end: number, missing: number, packet: Packet): Reason {
  const reason = decodeRawIp(view, offset, end, missing, packet);
  return reason === Reason.ipVersion ? Reason.notIp : reason;
}
