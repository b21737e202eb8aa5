import type { Packet } from '../decode/packet.ts';
import { ACK, SYN } from '../decode/tcp.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import type { OpenPorts } from './open-ports.ts';

/**
 * Learns from one packet of a first pass what was in use: the sender of a SYN/ACK listens there, and a port that
 * a datagram was sent from has a socket behind it, so what comes back to it is an answer and no probe.
 */
export function inferOpen(packet: Packet, open: OpenPorts): void {
  if (packet.protocol === PROTOCOL_TCP) {
    if ((packet.tcpFlags & (SYN | ACK)) === (SYN | ACK)) {
      open.add(PROTOCOL_TCP, packet.source, packet.sourcePort);
    }
  } else {
    open.add(PROTOCOL_UDP, packet.source, packet.sourcePort);
  }
}
