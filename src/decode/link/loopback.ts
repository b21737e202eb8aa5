import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';
import { decodeRawIp } from './raw-ip.ts';

/**
 * LINKTYPE_NULL and LINKTYPE_LOOP: four octets of the sender's address family, in the capturing host's byte
 * order or in network order, and of different value on each BSD. The IP version behind it says the same.
 */
const HEADER_LENGTH = 4;

/** Decodes a BSD loopback frame. */
export function decodeLoopback(
  view: DataView,
  offset: number,
  end: number,
  missing: number,
  packet: Packet,
): Reason {
  if (end - offset < HEADER_LENGTH) return Reason.linkHeader;
  return decodeRawIp(view, offset + HEADER_LENGTH, end, missing, packet);
}
