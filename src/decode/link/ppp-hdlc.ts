import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';
import { CISCO_MULTICAST, CISCO_UNICAST, decodeCiscoHdlc } from './cisco-hdlc.ts';
import { decodePpp } from './ppp.ts';

const ADDRESS = 0;

/** Decodes a serial-line frame: Cisco's framing when the first octet is one of its addresses, otherwise PPP. */
export function decodePppHdlc(
  view: DataView,
  offset: number,
  end: number,
  missing: number,
  packet: Packet,
): Reason {
  if (end <= offset) return Reason.linkHeader;
  const address = view.getUint8(offset + ADDRESS);
  const cisco = address === CISCO_UNICAST || address === CISCO_MULTICAST;
  if (cisco) return decodeCiscoHdlc(view, offset, end, missing, packet);
  return decodePpp(view, offset, end, missing, packet);
}
