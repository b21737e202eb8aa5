import type { Address } from '../net/address.ts';

/** Whether somebody legitimate is behind a port of ours: such a port is not watched. */
export interface InUse {
  /** True also for a while after the user is gone, for late answers (design, section 5). */
  has(protocol: number, address: Address, port: number, moment: Moment): boolean;
}

/** When something came, in ms. A number by itself would be an object of its own for each packet, this one is there. */
export interface Moment {
  readonly time: number;
}

/** The two ends of a TCP segment that came at `time` (ms). */
export interface Segment extends Moment {
  readonly source: Address;
  readonly sourcePort: number;
  readonly destination: Address;
  readonly destinationPort: number;
}

/** Which connections there are: a bare ACK or FIN/ACK of one is no probe. */
export interface Connections {
  /** True when in doubt, and for a while after the connection is gone. */
  holds(segment: Segment): boolean;
}

/** Nothing is in use. */
export const NOTHING_IN_USE: InUse = { has: () => false };

/** Nobody is connected. */
export const NO_CONNECTIONS: Connections = { holds: () => false };
