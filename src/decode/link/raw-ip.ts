import { decodeIpv4 } from '../network/ipv4.ts';
import { decodeIpv6 } from '../network/ipv6.ts';
import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';

/** Decodes a frame that begins with an IP header, by its version field. */
export function decodeRawIp(
  view: DataView,
  offset: number,
  end: number,
  missing: number,
  packet: Packet,
): Reason {
  if (end <= offset) return Reason.linkHeader;
  const version = view.getUint8(offset) >> 4;
  if (version === 4) return decodeIpv4(view, offset, end, missing, packet);
  if (version === 6) return decodeIpv6(view, offset, end, missing, packet);
  return Reason.ipVersion;
}
