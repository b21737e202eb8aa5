import type { DecoyGroup } from './decoy-group.ts';

/** Bit of a member's state: it is active. The bits below count its probes alone. */
export const ACTIVE = 0x80;

/** Which sources belong to groups of decoys, by slot: a probe that is only counted needs no object of its source. */
export class Members {
  /** The group of each member. */
  readonly groups: (DecoyGroup | null)[];
  /** ACTIVE, and the probes of a member that no other member sent, less those that others sent too. */
  readonly states: Uint8Array;

  constructor(slots: number) {
    this.groups = new Array<DecoyGroup | null>(slots).fill(null);
    this.states = new Uint8Array(slots);
  }

  /** Makes the slot an active member of a group. */
  join(slot: number, group: DecoyGroup): void {
    this.groups[slot] = group;
    this.states[slot] = ACTIVE;
  }

  /** Forgets the slot's membership, because its scan is over. */
  reset(slot: number): void {
    this.groups[slot] = null;
    this.states[slot] = 0;
  }

  /** Forgives probes that a member has sent alone. */
  forgive(slot: number, count: number): void {
    const state = this.states[slot] as number;
    const alone = state & ~ACTIVE;
    this.states[slot] = (state & ACTIVE) | (alone > count ? alone - count : 0);
  }
}
