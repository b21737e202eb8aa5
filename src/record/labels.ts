import type { KindName } from '../classify/kind.ts';
import { ACK, FIN, PSH, RST, SYN, URG } from '../decode/transport/tcp.ts';
import type { ProbeDetails } from '../track/event.ts';

/** The text of each kind, as PortSentry writes it. The text of `odd` lists the flags instead. */
const LABELS: Readonly<Record<Exclude<KindName, 'odd'>, string>> = {
  null: 'TCP NULL scan',
  fin: 'TCP FIN scan',
  xmas: 'TCP XMAS scan',
  syn: 'TCP SYN/Normal scan',
  maimon: 'TCP Maimon scan',
  ack: 'TCP ACK scan',
  udp: 'UDP scan',
  connect: 'Connect',
  'sctp-init': 'SCTP INIT scan',
  'sctp-cookie-echo': 'SCTP COOKIE-ECHO scan',
  'ip-protocol': 'IP protocol scan',
  icmp: 'ICMP request',
  arp: 'ARP sweep',
};

/** The name of a probe in log lines and events. */
export function labelOf(details: Pick<ProbeDetails, 'kind' | 'tcpFlags'>): string {
  return details.kind === 'odd' ? unknownType(details.tcpFlags) : LABELS[details.kind];
}

/** The flags in PortSentry's order, which is not that of the header. */
function unknownType(flags: number): string {
  const bit = (flag: number) => ((flags & flag) === 0 ? 0 : 1);
  return (
    `Unknown Type: TCP Packet Flags: SYN: ${bit(SYN)} FIN: ${bit(FIN)} ACK: ${bit(ACK)} ` +
    `PSH: ${bit(PSH)} URG: ${bit(URG)} RST: ${bit(RST)}`
  );
}
