import type { Packet } from '../decode/packet.ts';
import { CHUNK_INIT_ACK } from '../decode/transport/sctp.ts';
import { FIN, RST, SYN } from '../decode/transport/tcp.ts';
import { isIcmp, PROTOCOL_ARP, PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import type { OpenPorts } from './open-ports.ts';
import type { SeenAnswers } from './seen-answers.ts';
import { isSynAck, type SeenConnections } from './seen-connections.ts';

/**
 * Learns from one packet of a first pass what was in use. The sender of a SYN/ACK listens on its port. A port that
 * sent a datagram has a socket behind it, so a packet back to it is an answer and no probe.
 */
export function inferOpen(
  packet: Packet,
  open: OpenPorts,
  connections: SeenConnections,
  answers: SeenAnswers,
): void {
  if (packet.protocol === PROTOCOL_TCP) {
    // Most segments are neither an answer to the first nor the last of their connection.
    const { tcpFlags } = packet;
    if (tcpFlags === SYN || (tcpFlags & (SYN | FIN | RST)) === 0) return;
    if (isSynAck(packet)) {
      open.add(PROTOCOL_TCP, packet.source, packet.sourcePort);
      answers.note(packet);
    }
    connections.noteEdges(packet);
  } else if (packet.protocol === PROTOCOL_UDP) {
    open.add(PROTOCOL_UDP, packet.source, packet.sourcePort);
    answers.noteDatagram(packet);
  } else if (packet.protocol !== PROTOCOL_ARP) {
    inferOther(packet, open, answers);
  }
}

/** The sender of an INIT-ACK listens; a host that sends by an otherwise unspoken IP protocol speaks it. */
function inferOther(packet: Packet, open: OpenPorts, answers: SeenAnswers): void {
  const { protocol, source } = packet;
  if (protocol === PROTOCOL_SCTP) {
    if (packet.messageType !== CHUNK_INIT_ACK) return;
    open.add(protocol, source, packet.sourcePort);
    answers.note(packet);
  } else if (!isIcmp(protocol)) open.add(protocol, source, protocol);
}
