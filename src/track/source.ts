import { Address } from '../net/address.ts';

/** How far the response to a source has come. */
export type BlockState = 'none' | 'pending' | 'blocked' | 'failed';

/**
 * What is known of one address that knocked. Objects live in the slots of `SourceTable` and are reused when a
 * slot changes hands, so nobody may keep one beyond `onForget`.
 */
export class Source {
  readonly address = new Address();
  /** Milliseconds since the epoch, of the first and the last probe. */
  firstSeen = 0;
  lastSeen = 0;
  /** All probes, repeats included. */
  probes = 0;
  /** Attempts that count towards SCAN_TRIGGER: the same one sent again is one. */
  connects = 0;
  /** Different (protocol, port) pairs; beyond the bound of what is remembered, an upper estimate. */
  ports = 0;
  /** Different addresses of ours that were probed; beyond the bound, an upper estimate. */
  targets = 0;
  /** Bit `1 << Kind` for each kind seen. */
  kinds = 0;
  /** More connects than SCAN_TRIGGER allows have been seen. */
  triggered = false;
  block: BlockState = 'none';
  /** When the last action ended or was refused, for trying again; 0 for never. */
  lastAction = 0;
  /** The never-block rule that spares it, once asked. */
  readonly told = new Told();

  reset(address: Address, now: number): void {
    this.address.set(address);
    this.firstSeen = now;
    this.lastSeen = now;
    this.probes = 0;
    this.connects = 0;
    this.ports = 0;
    this.targets = 0;
    this.kinds = 0;
    this.triggered = false;
    this.block = 'none';
    this.lastAction = 0;
    this.told.reset();
  }
}

/** What the records have already said of a source, so that a long scan is summed up (design, section 7). */
export class Told {
  /** Alert lines written one by one. */
  lines = 0;
  /** Probes, and ports, since the last line. */
  untoldProbes = 0;
  untoldPorts = 0;
  /** When the last alert line or summary was written, ms. */
  lastLine = 0;
  /** When "is already blocked" was last said, ms; 0 for never. */
  lastAlreadyBlocked = 0;
  /** The refusal to block has been said. */
  refusal = false;
  /** The history has its line for BLOCK="0". */
  history = false;

  reset(): void {
    this.lines = 0;
    this.untoldProbes = 0;
    this.untoldPorts = 0;
    this.lastLine = 0;
    this.lastAlreadyBlocked = 0;
    this.refusal = false;
    this.history = false;
  }
}
