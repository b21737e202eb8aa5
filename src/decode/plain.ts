import { PROTOCOL_TCP } from '../net/protocol.ts';
import type { Packet } from './packet.ts';

// Positions in the frame: Ethernet (IEEE 802.3, section 3.1.1), IPv4 (RFC 791, section 3.1), TCP (RFC 9293, section 3.1).
const ETHER_TYPE = 12;
const TOTAL_LENGTH = 16;
const IDENTIFICATION = 18;
const FLAGS_FRAGMENT_OFFSET = 20;
const TIME_TO_LIVE = 22;
const PROTOCOL = 23;
const SOURCE_ADDRESS = 26;
const DESTINATION_ADDRESS = 30;
const SOURCE_PORT = 34;
const DESTINATION_PORT = 36;
const SEQUENCE_NUMBER = 38;
const DATA_OFFSET = 46;
const FLAGS = 47;
const WINDOW = 48;
/** Octets that are read; the snap length may cut the rest. */
const READ_LENGTH = 50;

const IP = 14;
const TCP = 34;
const HEADER_LENGTH = 20;

/** EtherType IPv4, then version 4 and a header of five words; the type of service follows in the same 32 bits. */
const IPV4_WITHOUT_OPTIONS = 0x080045;
/** The flag "more fragments" and the fragment offset. */
const FRAGMENT_MASK = 0x3fff;
const GROUP_BIT = 0x01;
const TCP_FLAGS_MASK = 0x3f;
/** Multicast (RFC 1112), reserved addresses and broadcast begin here. */
const FIRST_GROUP_ADDRESS = 0xe0000000;

/**
 * Decodes the most common frame faster than layer by layer (bench/compare): unfragmented TCP over IPv4 without
 * options on Ethernet. Returns false, and leaves `packet` alone, for any other or malformed frame, which is left to
 * `decodeEthernet`. The constants are local because V8 reads imported ones from memory, which costs a tenth more per
 * frame. The tests check that both ways agree.
 */
export function decodePlain(
  view: DataView,
  offset: number,
  capturedLength: number,
  wireLength: number,
  packet: Packet,
): boolean {
  if (!isPlain(view, offset, capturedLength, wireLength)) return false;

  const totalLength = view.getUint16(offset + TOTAL_LENGTH);
  packet.linkGroup = (view.getUint8(offset) & GROUP_BIT) !== 0;
  packet.family = 4;
  packet.source.setV4(view.getUint32(offset + SOURCE_ADDRESS));
  packet.destination.setV4(view.getUint32(offset + DESTINATION_ADDRESS));
  packet.identification = view.getUint16(offset + IDENTIFICATION);
  packet.ipOptions = false;
  packet.fragmented = false;
  packet.ipOffset = offset + IP;
  packet.ipv4HeaderLength = HEADER_LENGTH;
  packet.ttl = view.getUint8(offset + TIME_TO_LIVE);
  packet.protocol = PROTOCOL_TCP;
  packet.transportOffset = offset + TCP;
  packet.transportLength = totalLength - HEADER_LENGTH;
  packet.complete = IP + totalLength <= capturedLength;
  packet.sourcePort = view.getUint16(offset + SOURCE_PORT);
  packet.destinationPort = view.getUint16(offset + DESTINATION_PORT);
  packet.sequence = view.getUint32(offset + SEQUENCE_NUMBER);
  packet.tcpFlags = view.getUint8(offset + FLAGS) & TCP_FLAGS_MASK;
  packet.window = view.getUint16(offset + WINDOW);
  return true;
}

/** Whether `decodePlain` decodes the frame. */
export function isPlain(view: DataView, offset: number, capturedLength: number, wireLength: number): boolean {
  if (capturedLength < READ_LENGTH || capturedLength > wireLength) return false;
  if (view.getUint32(offset + ETHER_TYPE) >>> 8 !== IPV4_WITHOUT_OPTIONS) return false;
  if (view.getUint8(offset + PROTOCOL) !== PROTOCOL_TCP) return false;
  if ((view.getUint16(offset + FLAGS_FRAGMENT_OFFSET) & FRAGMENT_MASK) !== 0) return false;
  const totalLength = view.getUint16(offset + TOTAL_LENGTH);
  const headerLength = (view.getUint8(offset + DATA_OFFSET) >> 4) << 2;
  if (headerLength < HEADER_LENGTH || HEADER_LENGTH + headerLength > totalLength) return false;
  return totalLength <= wireLength - IP;
}

/** The destination port of a plain frame. */
export function destinationPortOfPlain(view: DataView, offset: number): number {
  return view.getUint16(offset + DESTINATION_PORT);
}

/** The six low TCP flag bits of a plain frame. */
export function tcpFlagsOfPlain(view: DataView, offset: number): number {
  return view.getUint8(offset + FLAGS) & TCP_FLAGS_MASK;
}

/** Whether a plain frame goes to one host, and to another than its source. */
export function isPlainUnicast(view: DataView, offset: number): boolean {
  const destination = view.getUint32(offset + DESTINATION_ADDRESS);
  if (destination >= FIRST_GROUP_ADDRESS || (view.getUint8(offset) & GROUP_BIT) !== 0) return false;
  return view.getUint32(offset + SOURCE_ADDRESS) !== destination;
}
