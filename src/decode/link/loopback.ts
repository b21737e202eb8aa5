import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';
import { decodeRawIp } from './raw-ip.ts';

/**
 * LINKTYPE_NULL and LINKTYPE_LOOP: the address family in four octets, in the capturing host's byte order or in
 * network order. Its values differ between the BSDs. The IP version behind it says the same.
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
