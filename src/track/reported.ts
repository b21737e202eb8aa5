/** What has been reported about a source, so that a long scan is summed up. */
export class Reported {
  // In the current scan.

  /** Alerts reported singly, and other probes reported singly: those before the trigger or of a spared source. */
  lines = 0;
  quietLines = 0;
  /** What alerts reported singly have shown: a bit for each kind and protocol, and one for IP options. */
  shown = 0;
  /** One of its probes was an alert among the events. */
  alerted = false;
  /** The summary of a replay has its address. */
  isSummed = false;
  /** Alerts without their own line since the last sum, the new ports among them, and when they began (ms). */
  unreportedProbes = 0;
  unreportedPorts = 0;
  /** `unreportedPorts` after the last probe without its own line. */
  countedPorts = 0;
  unreportedSince = 0;

  // Until the source has been quiet for SCAN_WINDOW.

  /** When "is already blocked" was last reported, in ms since the epoch; 0 for never. */
  lastAlreadyBlocked = 0;
  /** The refusal to block was reported. */
  refusal = false;
  /** The history has the source's line for BLOCK="0". */
  history = false;

  /** The scan is over. */
  endScan(): void {
    this.lines = 0;
    this.quietLines = 0;
    this.shown = 0;
    this.alerted = false;
    this.isSummed = false;
    this.unreportedProbes = 0;
    this.unreportedPorts = 0;
    this.countedPorts = 0;
    this.unreportedSince = 0;
  }

  /** Everything is reported again from now on; unreported probes stay until they are summed up. */
  reset(): void {
    this.lines = 0;
    this.quietLines = 0;
    this.shown = 0;
    this.alerted = false;
    this.lastAlreadyBlocked = 0;
    this.refusal = false;
    this.history = false;
  }
}
