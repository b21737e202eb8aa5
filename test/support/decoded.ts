import { canonicalLinkType } from '../../src/capture/link-type.ts';
import { Packet } from '../../src/decode/packet.ts';
import { PacketReader } from '../../src/decode/packet-reader.ts';
import { Reason } from '../../src/decode/reason.ts';
import type { ChecksumRule } from '../../src/decode/transport/checksum.ts';

/**
 * Decodes a frame and verifies its checksums, as the packet path does. The view covers exactly a copy of the frame, so that
 * a read of one octet outside it is a RangeError.
 */
export function decoded(
  frame: Uint8Array,
  linkType = 1,
  wireLength = frame.length,
  rule: ChecksumRule = 'captured',
) {
  const view = new DataView(frame.slice().buffer);
  const reader = new PacketReader(rule, new Packet());
  const reason = reader.read(view, 0, frame.length, wireLength, canonicalLinkType(linkType));
  const sums = reason === Reason.none ? reader.verify(view) : reason;
  return { reason, sums, packet: reader.packet };
}
