import type { DecoyGroup } from './decoy-group.ts';
import { ACTIVE, type Members } from './members.ts';
import { ToolVote } from './tool-vote.ts';

/** What a source's probes have shown, besides their number. */
export class Marks {
  /** In the current scan, the source triggered and is not spared. */
  triggered = false;
  /** The source has completed a handshake. */
  handshake = false;
  /** A response began during the current scan. */
  acted = false;
  /** The tool of the scan. */
  readonly tool = new ToolVote();
  /** Probes of the scan in the last reported summary. */
  reportedProbes = 0;
  readonly #members: Members;
  #slot: number;

  constructor(members: Members, slot: number) {
    this.#members = members;
    this.#slot = slot;
  }

  /** The sources that send the same at the same time; null when it is on its own. */
  get group(): DecoyGroup | null {
    return this.#members.groups[this.#slot] ?? null;
  }

  set group(group: DecoyGroup | null) {
    this.#members.groups[this.#slot] = group;
  }

  /** It is an active member of its group. */
  get isActive(): boolean {
    return ((this.#members.states[this.#slot] as number) & ACTIVE) !== 0;
  }

  set isActive(isActive: boolean) {
    const state = (this.#members.states[this.#slot] as number) & ~ACTIVE;
    this.#members.states[this.#slot] = isActive ? state | ACTIVE : state;
  }

  /** Belongs to another slot from now on. */
  turnTo(slot: number): void {
    this.#slot = slot;
  }

  /** Forgets everything but the group, because the scan is over or the slot changes hands. */
  reset(): void {
    this.triggered = false;
    this.handshake = false;
    this.acted = false;
    this.tool.reset();
    this.reportedProbes = 0;
  }
}
