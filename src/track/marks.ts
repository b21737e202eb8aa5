import type { DecoyGroup } from './decoy-group.ts';
import { ToolVote } from './tool-vote.ts';

/** What a source's probes have shown beyond their number. */
export class Marks {
  /** Of the scan that is going on: it has triggered and is not spared. */
  triggered = false;
  /** The source has completed a handshake. */
  handshake = false;
  /** A response was begun since the scan began. */
  acted = false;
  /** Whose tool it is. */
  readonly tool = new ToolVote();
  /** The sources that send the same as this one at the same time; null when it is on its own. */
  group: DecoyGroup | null = null;
  /** Its part in the group's scan goes on. */
  isActive = false;
  /** Probes of a member that no other one sent along, less those that others did. */
  alone = 0;
  /** How many probes of the scan were in the sum that was told last. */
  toldProbes = 0;

  /** A new scan may begin, or the slot has changed hands. */
  reset(): void {
    this.triggered = false;
    this.handshake = false;
    this.acted = false;
    this.tool.reset();
    this.group = null;
    this.isActive = false;
    this.alone = 0;
    this.toldProbes = 0;
  }
}
