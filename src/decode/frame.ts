import { LINKTYPE_ETHERNET } from '../capture/link-type.ts';
import { decodeEthernet } from './link/ethernet.ts';
import { decodeLink } from './link/link.ts';
import { TEREDO_PORT } from './network/teredo.ts';
import { decodeTunnel } from './network/tunnel.ts';
import type { Packet } from './packet.ts';
import { Reason } from './reason.ts';

/**
 * Decodes one frame into `packet`. `offset` and `capturedLength` are in octets of `view`; `wireLength` is the frame's
 * length before the snap length cut it. Reads nothing outside the captured octets.
 *
 * Throughout the decoders, offsets and lengths are in octets, `end` is where the captured octets end, and `missing`
 * octets were on the wire but not captured.
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
  const reason =
    linkType === LINKTYPE_ETHERNET
      ? decodeEthernet(view, offset, end, missing, packet)
      : decodeLink(view, offset, end, missing, linkType, packet);
  if (reason === Reason.none && packet.destinationPort !== TEREDO_PORT) return reason;
  return decodeTunnel(view, end, packet, reason);
}
