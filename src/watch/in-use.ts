import type { Address } from '../net/address.ts';

/** Whether somebody legitimate is behind a port of ours: such a port is not watched. */
export interface InUse {
  /** `now` in ms. True also for a while after the user is gone, for late answers (design, section 5). */
  has(protocol: number, address: Address, port: number, now: number): boolean;
}

/** Nothing is in use. */
export const NOTHING_IN_USE: InUse = { has: () => false };
