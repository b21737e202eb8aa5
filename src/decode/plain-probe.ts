import { PROTOCOL_TCP } from '../net/protocol.ts';
import type { Packet } from './packet.ts';

const IPV4_HEADER_LENGTH = 20;
/** RFC 9293, section 3.1; a longer segment has data. */
const TCP_HEADER_LENGTH = 20;
const MAX_TCP_HEADER_LENGTH = 60;

/**
 * Reads the fields that only a probe needs from the usual probe: a whole TCP header without data and with correct
 * checksums, over IPv4 without options. Returns false for any other packet and for a wrong checksum; then
 * `readTcpOptions` and `verifyChecksums` decide. For these packets both ways agree. One function, with local numbers
 * as in plain.ts and the sums of RFC 1071 written out, because separate ones make a replay of SYNs a fifteenth slower
 * (bench/replay).
 */
export function readPlainProbe(view: DataView, packet: Packet): boolean {
  const { ipOffset, transportLength } = packet;
  if (packet.protocol !== PROTOCOL_TCP || packet.ipv4HeaderLength !== IPV4_HEADER_LENGTH) return false;
  if (!packet.complete || packet.fragmented) return false;
  if (transportLength > MAX_TCP_HEADER_LENGTH || (transportLength & 3) !== 0) return false;

  let word = view.getUint32(ipOffset + 12);
  let addresses = (word >>> 16) + (word & 0xffff);
  word = view.getUint32(ipOffset + 16);
  addresses += (word >>> 16) + (word & 0xffff);

  word = view.getUint32(ipOffset);
  let sum = addresses + (word >>> 16) + (word & 0xffff);
  word = view.getUint32(ipOffset + 4);
  sum += (word >>> 16) + (word & 0xffff);
  word = view.getUint32(ipOffset + 8);
  sum += (word >>> 16) + (word & 0xffff);
  // One fold is enough for so few numbers: a sum that a second fold would still change is not all ones.
  if ((sum & 0xffff) + (sum >>> 16) !== 0xffff) return false;

  const tcp = ipOffset + IPV4_HEADER_LENGTH;
  word = view.getUint32(tcp);
  sum = addresses + PROTOCOL_TCP + transportLength + (word >>> 16) + (word & 0xffff);
  word = view.getUint32(tcp + 4);
  sum += (word >>> 16) + (word & 0xffff);
  word = view.getUint32(tcp + 8);
  sum += (word >>> 16) + (word & 0xffff);
  word = view.getUint32(tcp + 16);
  sum += (word >>> 16) + (word & 0xffff);
  const offsetFlagsWindow = view.getUint32(tcp + 12);
  sum += (offsetFlagsWindow >>> 16) + (offsetFlagsWindow & 0xffff);
  for (let at = TCP_HEADER_LENGTH; at < transportLength; at += 4) {
    word = view.getUint32(tcp + at);
    sum += (word >>> 16) + (word & 0xffff);
  }
  if ((sum & 0xffff) + (sum >>> 16) !== 0xffff) return false;

  packet.tcpHeaderLength = (offsetFlagsWindow >>> 28) << 2;
  packet.firstOption =
    packet.tcpHeaderLength > TCP_HEADER_LENGTH ? view.getUint32(tcp + TCP_HEADER_LENGTH) : 0;
  return true;
}
