/** What the records have already said of a source, so that a long scan is summed up (design, section 7). */
export class Told {
  // Of the scan that is going on.

  /** Alert lines written one by one. */
  lines = 0;
  /** Probes, and new ports, since the last line. */
  untoldProbes = 0;
  untoldPorts = 0;
  /** When the last alert line or summary was written, ms. */
  lastLine = 0;

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
    this.untoldProbes = 0;
    this.untoldPorts = 0;
    this.lastLine = 0;
  }

  /** All is to be said anew. */
  reset(): void {
    this.endScan();
    this.lastAlreadyBlocked = 0;
    this.refusal = false;
    this.history = false;
  }
}
