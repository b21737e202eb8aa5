/** What the records have already said of a source, so that a long scan is summed up (design, section 7). */
export class Told {
  // Of the scan that is going on.

  /** Alerts told one by one, and probes told one by one that are none: before the trigger, or spared. */
  lines = 0;
  quietLines = 0;
  /** Alerts that got no line of their own since the last sum, new ports among them, and when they began, ms. */
  untoldProbes = 0;
  untoldPorts = 0;
  untoldSince = 0;

  // Until the source has been quiet for SCAN_WINDOW.

  /** When "is already blocked" was last said, ms; 0 for never. */
  lastAlreadyBlocked = 0;
  /** The refusal to block has been said. */
  refusal = false;
  /** The history has its line for BLOCK="0". */
  history = false;

  /** A new scan may begin. */
  endScan(): void {
    this.lines = 0;
    this.quietLines = 0;
    this.untoldProbes = 0;
    this.untoldPorts = 0;
    this.untoldSince = 0;
  }

  /** All is to be said anew; what is untold stays so until it is summed up. */
  reset(): void {
    this.lines = 0;
    this.quietLines = 0;
    this.lastAlreadyBlocked = 0;
    this.refusal = false;
    this.history = false;
  }
}
