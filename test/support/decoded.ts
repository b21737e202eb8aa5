import { canonicalLinkType } from '../../src/capture/link-type.ts';
import { verifyChecksums } from '../../src/decode/checksum.ts';
import { decodeFrame } from '../../src/decode/frame.ts';
import { Packet } from '../../src/decode/packet.ts';
import { Reason } from '../../src/decode/reason.ts';

/**
 * Decodes and sums a frame as the packet path does. The view is over exactly a copy of the frame: reading one octet
 * outside it is a RangeError.
 */
export function decoded(frame: Uint8Array, linkType = 1, wireLength = frame.length) {
  const view = new DataView(frame.slice().buffer);
  const packet = new Packet();
  const reason = decodeFrame(view, 0, frame.length, wireLength, canonicalLinkType(linkType), packet);
  const sums = reason === Reason.none ? verifyChecksums(view, packet) : reason;
  return { reason, sums, packet };
}
