import type { Probe } from '../classify/probe.ts';
import { Address } from '../net/address.ts';
import { hashAddress, mix } from '../net/hash.ts';
import type { MemoryBudget } from './memory.ts';
import { Recall } from './recall.ts';
import { Told } from './told.ts';

/** How far the response to a source has come. */
export type BlockState = 'none' | 'pending' | 'blocked' | 'failed';

/** The same attempt within this time (ms) is one connect: it covers a SYN's retransmissions (RFC 6298). */
export const REPEAT_WINDOW = 60_000;

/**
 * What is known of one address that knocked. Objects live in the slots of `SourceTable` and are reused when a
 * slot changes hands: whoever waits for something keeps the address and asks again.
 */
export class Source {
  readonly address = new Address();
  /** The last probe, in ms since the epoch. */
  lastSeen = 0;
  /** Attempts that count towards SCAN_TRIGGER: the same one sent again is one. */
  connects = 0;
  /** More connects than SCAN_TRIGGER allows have been seen. */
  triggered = false;
  block: BlockState = 'none';
  /** Failed blocks in a row, and when the last one ended (ms). */
  failures = 0;
  lastFailure = 0;

  // The scan that is going on. It ends when the source has been quiet for a while; then a new one may begin.

  /** The first probe of the scan, in ms since the epoch. */
  firstSeen = 0;
  /** All probes, repeats included. */
  probes = 0;
  /** Different (protocol, port) pairs; beyond what is remembered, an upper estimate. */
  ports = 0;
  /** Different addresses of ours; beyond what is remembered, an upper estimate. */
  targets = 0;
  /** Bit `1 << Kind` for each kind seen. */
  kinds = 0;
  readonly told = new Told();
  readonly #recall = new Recall();

  /** Makes the slot the source's own. */
  reset(address: Address, budget: MemoryBudget): void {
    this.address.set(address);
    this.lastSeen = 0;
    this.block = 'none';
    this.failures = 0;
    this.lastFailure = 0;
    this.endScan(budget);
    this.forgetConnects();
  }

  /** It has been quiet for SCAN_WINDOW: its connects add up from none, and what was said of it is said again. */
  forgetConnects(): void {
    this.connects = 0;
    this.triggered = false;
    this.told.reset();
  }

  /** Forgets the scan, not the connects. */
  endScan(budget: MemoryBudget): void {
    this.firstSeen = 0;
    this.probes = 0;
    this.ports = 0;
    this.targets = 0;
    this.kinds = 0;
    this.told.endScan();
    this.#recall.clear(budget);
  }

  /** Counts one probe; true when it is the same attempt again. */
  count(probe: Probe, budget: MemoryBudget): boolean {
    const now = probe.time;
    const target = hashAddress(probe.destination, 0);
    const endpoints = mix((probe.sourcePort << 16) | probe.destinationPort);
    const lastAttempt = this.#recall.attempt(mix(target ^ endpoints ^ probe.kind), now, budget);
    const repeat = Math.abs(now - lastAttempt) <= REPEAT_WINDOW;

    if (this.#recall.isNewPort(mix((probe.protocol << 16) | probe.destinationPort), now, budget)) {
      this.ports++;
      this.told.untoldPorts++;
    }
    if (this.#recall.isNewTarget(target, now, budget)) this.targets++;
    if (this.probes === 0) this.firstSeen = now;
    this.probes++;
    this.lastSeen = now;
    this.kinds |= 1 << probe.kind;
    if (!repeat) this.connects++;
    return repeat;
  }
}
