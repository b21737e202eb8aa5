import { Kind } from '../../src/classify/kind.ts';
import { Probe } from '../../src/classify/probe.ts';
import { ACK, FIN, PSH, SYN, URG } from '../../src/decode/transport/tcp.ts';
import { type Address, parseAddress } from '../../src/net/address.ts';

/** The time of the first probe, in ms since the epoch. */
export const START = 1_795_354_417_000;

export interface ProbeFields {
  readonly source?: string;
  readonly destination?: string;
  /** In ms after START. */
  readonly at?: number;
  readonly port?: number;
  readonly sourcePort?: number;
  readonly kind?: Kind;
  readonly window?: number;
  readonly sequence?: number;
  readonly identification?: number;
}

const PROTOCOLS = new Map<Kind, number>([
  [Kind.udp, 17],
  [Kind['sctp-init'], 132],
  [Kind['ip-protocol'], 99],
  [Kind.icmp, 1],
]);

const FLAGS = new Map<Kind, number>([
  [Kind.syn, SYN],
  [Kind.fin, FIN],
  [Kind.xmas, FIN | PSH | URG],
  [Kind.odd, SYN | FIN],
  [Kind.ack, ACK],
  [Kind.maimon, FIN | ACK],
]);

/** A SYN to port 111 of 10.0.0.2; for the kind udp a datagram. */
export function probe(fields: ProbeFields = {}): Probe {
  const { source = '10.0.0.1', destination = '10.0.0.2', at = 0, kind = Kind.syn } = fields;
  const made = new Probe();
  made.time = START + at;
  made.kind = kind;
  made.protocol = PROTOCOLS.get(kind) ?? 6;
  made.tcpFlags = FLAGS.get(kind) ?? 0;
  made.source.set(address(source));
  made.destination.set(address(destination));
  made.sourcePort = fields.sourcePort ?? 41302;
  made.destinationPort = fields.port ?? 111;
  made.window = fields.window ?? 0;
  made.sequence = fields.sequence ?? 0;
  made.identification = fields.identification ?? 0;
  return made;
}

export function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === null) throw new Error(`no address: ${text}`);
  return parsed;
}
