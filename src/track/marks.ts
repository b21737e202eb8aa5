import type { DecoyGroup } from './decoy-group.ts';
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
  /** The sources that send the same at the same time; null when it is on its own. */
  group: DecoyGroup | null = null;
  /** It is an active member of its group. */
  isActive = false;
  /** Probes of a member that no other member sent, less those that others sent too. */
  alone = 0;
  /** Probes of the scan in the last reported summary. */
  reportedProbes = 0;

  /** Forgets everything, because the scan is over or the slot changes hands. */
  reset(): void {
    this.triggered = false;
    this.handshake = false;
    this.acted = false;
    this.tool.reset();
    this.group = null;
    this.isActive = false;
    this.alone = 0;
    this.reportedProbes = 0;
  }
}
