import type { Address } from '../net/address.ts';

/** Somebody came to a port that is listened to: a connection was accepted, or a datagram received. */
export interface Visit {
  /** IANA number: 6 or 17. */
  readonly protocol: number;
  readonly source: Address;
  readonly sourcePort: number;
  /** The address and the port of ours that it came to. */
  readonly destination: Address;
  readonly destinationPort: number;
}

export interface VisitHandlers {
  visit(visit: Visit): void;
  /** A connection to this port was reset before its source could be read, so nobody can be named. */
  nameless(port: number): void;
}
