import type { Address } from '../net/address.ts';

/** A connection that was accepted, or a datagram that was received, at a port of the connect modes. */
export interface Contact {
  /** The IANA number: 6 or 17. */
  readonly protocol: number;
  readonly source: Address;
  readonly sourcePort: number;
  /** An address of this host. */
  readonly destination: Address;
  readonly destinationPort: number;
}

/** What a listener calls. */
export interface ContactHandlers {
  contact(contact: Contact): void;
  /** A connection to this port was reset before its source could be read. */
  nameless(port: number): void;
}
