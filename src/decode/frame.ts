import {
  LINKTYPE_C_HDLC,
  LINKTYPE_ETHERNET,
  LINKTYPE_IPV4,
  LINKTYPE_IPV6,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LINUX_SLL2,
  LINKTYPE_LOOP,
  LINKTYPE_NFLOG,
  LINKTYPE_NULL,
  LINKTYPE_PPP,
  LINKTYPE_PPP_ETHER,
  LINKTYPE_PPP_HDLC,
  LINKTYPE_RAW,
} from '../capture/link-type.ts';
import { decodeCiscoHdlc } from './cisco-hdlc.ts';
import { decodeEthernet } from './ethernet.ts';
import { decodeLoopback } from './loopback.ts';
import { decodeNflog } from './nflog.ts';
import type { Packet } from './packet.ts';
import { decodePpp } from './ppp.ts';
import { decodePppHdlc } from './ppp-hdlc.ts';
import { decodePppoe } from './pppoe.ts';
import { decodeRawIp } from './raw-ip.ts';
import { Reason } from './reason.ts';
import { decodeSll } from './sll.ts';
import { decodeSll2 } from './sll2.ts';
import { decodeTunnel, mayBeTunnel } from './tunnel.ts';

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
  const reason = decodeLink(view, offset, end, missing, linkType, packet);
  return mayBeTunnel(reason, packet) ? decodeTunnel(view, end, packet, reason) : reason;
}

function decodeLink(
  view: DataView,
  offset: number,
  end: number,
  missing: number,
  linkType: number,
  packet: Packet,
): Reason {
  switch (linkType) {
    case LINKTYPE_ETHERNET:
      return decodeEthernet(view, offset, end, missing, packet);
    case LINKTYPE_LINUX_SLL:
      return decodeSll(view, offset, end, missing, packet);
    case LINKTYPE_LINUX_SLL2:
      return decodeSll2(view, offset, end, missing, packet);
    case LINKTYPE_RAW:
    case LINKTYPE_IPV4:
    case LINKTYPE_IPV6:
      return decodeRawIp(view, offset, end, missing, packet);
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      return decodeLoopback(view, offset, end, missing, packet);
    case LINKTYPE_PPP:
      return decodePpp(view, offset, end, missing, packet);
    case LINKTYPE_PPP_HDLC:
      return decodePppHdlc(view, offset, end, missing, packet);
    case LINKTYPE_PPP_ETHER:
      return decodePppoe(view, offset, end, missing, packet);
    case LINKTYPE_C_HDLC:
      return decodeCiscoHdlc(view, offset, end, missing, packet);
    case LINKTYPE_NFLOG:
      return decodeNflog(view, offset, end, missing, packet);
    default:
      return Reason.linkType;
  }
}
