import type { Address } from '../../net/address.ts';
import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';
import { decodeTransport } from '../transport/transport.ts';
import { jumboPayloadLength } from './jumbogram.ts';

// RFC 8200, section 3.
const VERSION = 0;
/** The offset of the payload length. */
export const IPV6_PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
const SOURCE_ADDRESS = 8;
const DESTINATION_ADDRESS = 24;
/** The length of the fixed header. */
export const IPV6_HEADER_LENGTH = 40;

// Extension headers (RFC 8200, section 4; RFC 4302 for the authentication header; RFC 6275 for mobility).
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;
const MOBILITY = 135;
const EXTENSION_LENGTH = 1;
const MIN_EXTENSION_LENGTH = 8;
const FRAGMENT_OFFSET_FLAGS = 2;
const FRAGMENT_IDENTIFICATION = 4;
const FRAGMENT_OFFSET_MASK = 0xfff8;
const MORE_FRAGMENTS = 0x0001;

/** Decodes an IPv6 packet in `[offset, end)` through its extension headers. */
export function decodeIpv6(
  view: DataView,
  offset: number,
  end: number,
  missing: number,
  packet: Packet,
): Reason {
  if (end - offset < IPV6_HEADER_LENGTH) return Reason.ipHeader;
  if (view.getUint8(offset + VERSION) >> 4 !== 6) return Reason.ipVersion;
  const onWire = end - offset + missing - IPV6_HEADER_LENGTH;
  const payloadLength =
    view.getUint16(offset + IPV6_PAYLOAD_LENGTH) || lengthOfZero(view, offset, end, onWire);
  if (payloadLength > onWire) return Reason.ipLength;

  packet.family = 6;
  readAddress(view, offset + SOURCE_ADDRESS, packet.source);
  readAddress(view, offset + DESTINATION_ADDRESS, packet.destination);
  // Taken as IPv4, such an address would let a forger accuse any IPv4 host from an IPv6 link.
  if (packet.source.isV4 || packet.destination.isV4) return Reason.mappedAddress;
  packet.identification = 0;
  packet.ipOptions = false;
  packet.fragmented = false;
  packet.ipOffset = offset;
  packet.ipv4HeaderLength = 0;
  packet.ttl = view.getUint8(offset + HOP_LIMIT);
  packet.protocol = view.getUint8(offset + NEXT_HEADER);
  packet.transportOffset = offset + IPV6_HEADER_LENGTH;
  packet.transportLength = payloadLength;

  return decodeIpv6Payload(view, end, packet);
}

/** Decodes extension headers and transport at `packet.transportOffset`; `packet.protocol` names the first of them. */
export function decodeIpv6Payload(view: DataView, end: number, packet: Packet): Reason {
  const reason = skipExtensions(view, end, packet);
  return reason === Reason.none ? decodeTransport(view, end, packet) : reason;
}

/** The field is 0 in jumbograms, which have an option, and after segmentation offload: the frame's length is right. */
function lengthOfZero(view: DataView, offset: number, end: number, onWire: number): number {
  if (view.getUint8(offset + NEXT_HEADER) !== HOP_BY_HOP) return onWire;
  return jumboPayloadLength(view, offset + IPV6_HEADER_LENGTH, end, onWire);
}

function readAddress(view: DataView, offset: number, into: Address): void {
  into.w0 = view.getUint32(offset);
  into.w1 = view.getUint32(offset + 4);
  into.w2 = view.getUint32(offset + 8);
  into.w3 = view.getUint32(offset + 12);
}

/**
 * Moves `protocol`, `transportOffset` and `transportLength` past the last extension header. Linux takes as many as the
 * packet has room for, so a bound here would hide ports; each has 8 octets or more, and so the packet ends the walk.
 */
function skipExtensions(view: DataView, end: number, packet: Packet): Reason {
  while (isExtension(packet.protocol)) {
    const offset = packet.transportOffset;
    if (packet.fragmented && packet.transportLength < MIN_EXTENSION_LENGTH) return Reason.fragment;
    if (end - offset < MIN_EXTENSION_LENGTH) return Reason.ipHeader;
    const length = extensionLength(view, offset, packet.protocol);
    if (length > packet.transportLength) return packet.fragmented ? Reason.fragment : Reason.ipLength;
    if (packet.protocol === FRAGMENT) {
      const fragment = view.getUint16(offset + FRAGMENT_OFFSET_FLAGS);
      // An atomic fragment (RFC 6946) is whole: its offset is 0 and no more follow.
      if ((fragment & (FRAGMENT_OFFSET_MASK | MORE_FRAGMENTS)) !== 0) setFragment(view, end, packet);
      if ((fragment & FRAGMENT_OFFSET_MASK) !== 0) return Reason.fragment;
    } else if (packet.protocol !== AUTHENTICATION) {
      packet.ipOptions = true;
    }
    packet.protocol = view.getUint8(offset);
    packet.transportOffset = offset + length;
    packet.transportLength -= length;
  }
  return Reason.none;
}

/** Fills `packet.fragment` from the fragment header at `packet.transportOffset`. */
function setFragment(view: DataView, end: number, packet: Packet): void {
  const { fragment, transportOffset } = packet;
  const offsetFlags = view.getUint16(transportOffset + FRAGMENT_OFFSET_FLAGS);
  packet.fragmented = true;
  fragment.identification = view.getUint32(transportOffset + FRAGMENT_IDENTIFICATION);
  fragment.protocol = view.getUint8(transportOffset);
  // The field counts units of 8 octets but is shifted left by 3 bits, so the masked value is in octets.
  fragment.offset = offsetFlags & FRAGMENT_OFFSET_MASK;
  fragment.more = (offsetFlags & MORE_FRAGMENTS) !== 0;
  fragment.start = transportOffset + MIN_EXTENSION_LENGTH;
  fragment.length = packet.transportLength - MIN_EXTENSION_LENGTH;
  fragment.captured = Math.min(fragment.length, end - fragment.start);
}

/** Whether the protocol number is that of an extension header which the decoder skips. */
export function isExtension(protocol: number): boolean {
  return (
    protocol === HOP_BY_HOP ||
    protocol === ROUTING ||
    protocol === FRAGMENT ||
    protocol === AUTHENTICATION ||
    protocol === DESTINATION_OPTIONS ||
    protocol === MOBILITY
  );
}

function extensionLength(view: DataView, offset: number, protocol: number): number {
  if (protocol === FRAGMENT) return MIN_EXTENSION_LENGTH;
  const units = view.getUint8(offset + EXTENSION_LENGTH);
  // The authentication header counts units of 4 octets, minus 2; all others count units of 8 octets, minus 1.
  return protocol === AUTHENTICATION ? (units + 2) * 4 : (units + 1) * 8;
}
