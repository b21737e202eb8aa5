import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';
import { decodePpp } from './ppp.ts';

// RFC 2516, section 4.
const VERSION_TYPE = 0;
const CODE = 1;
const HEADER_LENGTH = 6;

/** Version 1, type 1; no others exist. */
const VERSION_1_TYPE_1 = 0x11;
const CODE_SESSION_DATA = 0x00;

/** Decodes the PPPoE session stage; the discovery stage carries no packets. */
export function decodePppoe(
  view: DataView,
  offset: number,
  end: number,
  missing: number,
  packet: Packet,
): Reason {
  if (end - offset < HEADER_LENGTH) return Reason.linkHeader;
  if (view.getUint8(offset + VERSION_TYPE) !== VERSION_1_TYPE_1) return Reason.notIp;
  if (view.getUint8(offset + CODE) !== CODE_SESSION_DATA) return Reason.notIp;
  return decodePpp(view, offset + HEADER_LENGTH, end, missing, packet);
}
