import {
  LINKTYPE_ETHERNET,
  LINKTYPE_IPV4,
  LINKTYPE_IPV6,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LOOP,
  LINKTYPE_NULL,
  LINKTYPE_RAW,
} from '../capture/link-type.ts';
import { decodeEthernet } from './ethernet.ts';
import { decodeLoopback } from './loopback.ts';
import type { Packet } from './packet.ts';
import { decodeRawIp } from './raw-ip.ts';
import { Reason } from './reason.ts';
import { decodeSll } from './sll.ts';

/**
 * Decodes one frame into `packet`. `offset` and `capturedLength` are in octets of `view`, `wireLength` is how
 * long the frame was before the snap length cut it. Reads nothing outside the captured octets.
 */
export function decodeFrame(
  view: DataView,
  offset: number,
  capturedLength: number,
  wireLength: number,
  linkType: number,
  packet: Packet,
): Reason {
  const end = offset + capturedLength;
  const missing = wireLength > capturedLength ? wireLength - capturedLength : 0;
  packet.linkGroup = false;
  switch (linkType) {
    case LINKTYPE_ETHERNET:
      return decodeEthernet(view, offset, end, missing, packet);
    case LINKTYPE_LINUX_SLL:
      return decodeSll(view, offset, end, missing, packet);
    case LINKTYPE_RAW:
    case LINKTYPE_IPV4:
    case LINKTYPE_IPV6:
      return decodeRawIp(view, offset, end, missing, packet);
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      return decodeLoopback(view, offset, end, missing, packet);
    default:
      return Reason.linkType;
  }
}
