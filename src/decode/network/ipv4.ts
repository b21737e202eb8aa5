import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';
import { decodeTransport } from '../transport/transport.ts';

// RFC 791, section 3.1.
const VERSION_IHL = 0;
const TOTAL_LENGTH = 2;
const IDENTIFICATION = 4;
const FLAGS_FRAGMENT_OFFSET = 6;
const TIME_TO_LIVE = 8;
const PROTOCOL = 9;
const SOURCE_ADDRESS = 12;
const DESTINATION_ADDRESS = 16;
const MIN_HEADER_LENGTH = 20;

const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET_MASK = 0x1fff;

/** Decodes an IPv4 packet in `[offset, end)`; octets beyond its total length are link padding. */
export function decodeIpv4(
  view: DataView,
  offset: number,
  end: number,
  missing: number,
  packet: Packet,
): Reason {
  if (end - offset < MIN_HEADER_LENGTH) return Reason.ipHeader;
  const versionIhl = view.getUint8(offset + VERSION_IHL);
  if (versionIhl >> 4 !== 4) return Reason.ipVersion;
  const headerLength = (versionIhl & 0x0f) << 2;
  if (headerLength < MIN_HEADER_LENGTH) return Reason.ipLength;
  const onWire = end - offset + missing;
  // Segmentation offload writes 0 when the packet is too long for the field; the frame's length is right.
  const totalLength = view.getUint16(offset + TOTAL_LENGTH) || onWire;
  if (totalLength < headerLength || totalLength > onWire) return Reason.ipLength;

  packet.family = 4;
  packet.source.setV4(view.getUint32(offset + SOURCE_ADDRESS));
  packet.destination.setV4(view.getUint32(offset + DESTINATION_ADDRESS));
  packet.identification = view.getUint16(offset + IDENTIFICATION);
  packet.ipOptions = headerLength > MIN_HEADER_LENGTH;
  packet.ipOffset = offset;
  packet.ipv4HeaderLength = headerLength;

  packet.ttl = view.getUint8(offset + TIME_TO_LIVE);
  packet.protocol = view.getUint8(offset + PROTOCOL);
  packet.transportOffset = offset + headerLength;
  packet.transportLength = totalLength - headerLength;

  const fragment = view.getUint16(offset + FLAGS_FRAGMENT_OFFSET) & (MORE_FRAGMENTS | FRAGMENT_OFFSET_MASK);
  packet.fragmented = fragment !== 0;
  return fragment === 0 ? decodeTransport(view, end, packet) : decodeFragment(view, fragment, end, packet);
}

function decodeFragment(view: DataView, flagsFragmentOffset: number, end: number, packet: Packet): Reason {
  const { fragment, transportOffset, transportLength } = packet;
  if (end < transportOffset) return Reason.ipHeader;
  fragment.identification = packet.identification;
  fragment.protocol = packet.protocol;
  // The field counts units of 8 octets.
  fragment.offset = (flagsFragmentOffset & FRAGMENT_OFFSET_MASK) << 3;
  fragment.more = (flagsFragmentOffset & MORE_FRAGMENTS) !== 0;
  fragment.start = transportOffset;
  fragment.length = transportLength;
  fragment.captured = Math.min(transportLength, end - transportOffset);
  return fragment.offset > 0 ? Reason.fragment : decodeTransport(view, end, packet);
}
