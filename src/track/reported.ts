import { Count, Flag, type SourceState, Wide } from './source-state.ts';

/** What has been reported about a source, so that a long scan is summed up: a view of its slot's row. */
export class Reported {
  readonly slot: number;
  readonly #state: SourceState;

  constructor(state: SourceState, slot: number) {
    this.#state = state;
    this.slot = slot;
  }

  // In the current scan.

  /** Alerts reported singly. */
  get lines(): number {
    return this.#state.count(this.slot, Count.lines);
  }

  set lines(lines: number) {
    this.#state.setCount(this.slot, Count.lines, lines);
  }

  /** Other probes reported singly: those before the trigger or of a spared source. */
  get quietLines(): number {
    return this.#state.count(this.slot, Count.quietLines);
  }

  set quietLines(lines: number) {
    this.#state.setCount(this.slot, Count.quietLines, lines);
  }

  /** What alerts reported singly have shown: a bit for each kind and protocol, and one for IP options. */
  get shown(): number {
    return this.#state.count(this.slot, Count.shown);
  }

  set shown(bits: number) {
    this.#state.setCount(this.slot, Count.shown, bits);
  }

  /** One of its probes was an alert among the events. */
  get alerted(): boolean {
    return this.#state.has(this.slot, Flag.alerted);
  }

  set alerted(alerted: boolean) {
    this.#state.setFlag(this.slot, Flag.alerted, alerted);
  }

  /** The summary of a replay has its address. */
  get isSummed(): boolean {
    return this.#state.has(this.slot, Flag.isSummed);
  }

  set isSummed(isSummed: boolean) {
    this.#state.setFlag(this.slot, Flag.isSummed, isSummed);
  }

  /** Alerts without their own line since the last sum. */
  get unreportedProbes(): number {
    return this.#state.count(this.slot, Count.unreportedProbes);
  }

  set unreportedProbes(probes: number) {
    this.#state.setCount(this.slot, Count.unreportedProbes, probes);
  }

  /** The new ports among them. */
  get unreportedPorts(): number {
    return this.#state.count(this.slot, Count.unreportedPorts);
  }

  set unreportedPorts(ports: number) {
    this.#state.setCount(this.slot, Count.unreportedPorts, ports);
  }

  /** `unreportedPorts` after the last probe without its own line. */
  get countedPorts(): number {
    return this.#state.count(this.slot, Count.countedPorts);
  }

  set countedPorts(ports: number) {
    this.#state.setCount(this.slot, Count.countedPorts, ports);
  }

  /** When the alerts without their own line began, in ms since the epoch. */
  get unreportedSince(): number {
    return this.#state.wide(this.slot, Wide.unreportedSince);
  }

  set unreportedSince(time: number) {
    this.#state.setWide(this.slot, Wide.unreportedSince, time);
  }

  // Until the source has been quiet for SCAN_WINDOW.

  /** When "is already blocked" was last reported, in ms since the epoch; 0 for never. */
  get lastAlreadyBlocked(): number {
    return this.#state.wide(this.slot, Wide.lastAlreadyBlocked);
  }

  set lastAlreadyBlocked(time: number) {
    this.#state.setWide(this.slot, Wide.lastAlreadyBlocked, time);
  }

  /** The refusal to block was reported. */
  get refusal(): boolean {
    return this.#state.has(this.slot, Flag.refusal);
  }

  set refusal(refusal: boolean) {
    this.#state.setFlag(this.slot, Flag.refusal, refusal);
  }

  /** The history has the source's line for BLOCK="0". */
  get history(): boolean {
    return this.#state.has(this.slot, Flag.history);
  }

  set history(history: boolean) {
    this.#state.setFlag(this.slot, Flag.history, history);
  }

  /** The scan is over. */
  endScan(): void {
    if (!this.#state.isWritten(this.slot)) return;
    this.#forgetLines();
    this.isSummed = false;
    this.unreportedProbes = 0;
    this.unreportedPorts = 0;
    this.countedPorts = 0;
    this.unreportedSince = 0;
  }

  /** Everything is reported again from now on; unreported probes stay until they are summed up. */
  reset(): void {
    if (!this.#state.isWritten(this.slot)) return;
    this.#forgetLines();
    this.lastAlreadyBlocked = 0;
    this.refusal = false;
    this.history = false;
  }

  #forgetLines(): void {
    this.lines = 0;
    this.quietLines = 0;
    this.shown = 0;
    this.alerted = false;
  }
}
