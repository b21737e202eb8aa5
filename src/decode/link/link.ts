import {
  LINKTYPE_C_HDLC,
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
} from '../../capture/link-type.ts';
import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';
import { decodeCiscoHdlc } from './cisco-hdlc.ts';
import { decodeLoopback } from './loopback.ts';
import { decodeNflog } from './nflog.ts';
import { decodePpp } from './ppp.ts';
import { decodePppHdlc } from './ppp-hdlc.ts';
import { decodePppoe } from './pppoe.ts';
import { decodeRawIp } from './raw-ip.ts';
import { decodeSll } from './sll.ts';
import { decodeSll2 } from './sll2.ts';

/** Decodes a frame in `[offset, end)` of any link type except Ethernet. */
export function decodeLink(
  view: DataView,
  offset: number,
  end: number,
  missing: number,
  linkType: number,
  packet: Packet,
): Reason {
  switch (linkType) {
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
