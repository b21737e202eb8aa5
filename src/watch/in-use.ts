import type { Address } from '../net/address.ts';

/** The ports of ours that have a legitimate user. Such a port is not watched. */
export interface InUse {
  /** Stays true for a while after the user is gone, because of late answers. */
  has(protocol: number, address: Address, port: number, moment: Moment): boolean;
}

/** When a packet came, in ms since the epoch. To pass this object costs no heap number, as a bare time would. */
export interface Moment {
  readonly time: number;
}

/** The two ends of a TCP segment, and when it came. */
export interface Segment extends Moment {
  readonly source: Address;
  readonly sourcePort: number;
  readonly destination: Address;
  readonly destinationPort: number;
}

/** The current connections: a bare ACK or FIN/ACK of one is no probe. */
export interface Connections {
  /** True when in doubt, and for a while after the connection ends. */
  holds(segment: Segment): boolean;
}

/** No port is in use. */
export const NOTHING_IN_USE: InUse = { has: () => false };

/** There are no connections. */
export const NO_CONNECTIONS: Connections = { holds: () => false };
