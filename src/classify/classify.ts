import type { Packet } from '../decode/packet.ts';
import type { Address } from '../net/address.ts';
import { PROTOCOL_TCP } from '../net/protocol.ts';
import { kindOfFlags } from './flags.ts';
import { Kind } from './kind.ts';
import type { Probe } from './probe.ts';

/**
 * What a decoded packet would be if it knocks on a watched port; `Kind.none` when it can be no probe, whatever
 * is watched: a part of a connection, or sent to a group of hosts.
 */
export function classify(packet: Packet): Kind {
  if (packet.protocol !== PROTOCOL_TCP) return isToOneHost(packet) ? Kind.udp : Kind.none;
  const kind = kindOfFlags(packet.tcpFlags);
  return kind !== Kind.none && isToOneHost(packet) ? kind : Kind.none;
}

/** Fills the reused probe from the packet it was classified from. */
export function fillProbe(probe: Probe, packet: Packet, kind: Kind): void {
  probe.time = packet.time;
  probe.kind = kind;
  probe.protocol = packet.protocol;
  probe.source.set(packet.source);
  probe.destination.set(packet.destination);
  probe.sourcePort = packet.sourcePort;
  probe.destinationPort = packet.destinationPort;
  probe.tcpFlags = packet.tcpFlags;
  probe.ipOptions = packet.ipOptions;
  probe.fragmented = packet.fragmented;
  probe.identification = packet.identification;
  probe.sequence = packet.sequence;
  probe.window = packet.window;
  probe.tcpHeaderLength = packet.tcpHeaderLength;
  probe.firstOption = packet.firstOption;
}

function isToOneHost(packet: Packet): boolean {
  return !packet.linkGroup && !isGroupAddress(packet.destination);
}

/** Multicast of either family (RFC 1112, RFC 4291 section 2.7) and the limited broadcast (RFC 919). */
function isGroupAddress(address: Address): boolean {
  if (address.isV4) return address.w3 >>> 28 === 0xe || address.w3 === 0xffffffff;
  return address.w0 >>> 24 === 0xff;
}
