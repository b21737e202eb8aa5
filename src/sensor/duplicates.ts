import type { Probe } from '../classify/probe.ts';
import { hashAddress, mix } from '../net/hash.ts';

/** The same packet is seen again within this time (ms) when it is the same packet. */
const DUPLICATE_WINDOW = 100;

/**
 * Packets remembered: 100 ms of 160,000 a second. A flood beyond that pushes out the oldest; then a packet that
 * was seen twice counts as the same attempt again, which is no new connect either.
 */
const SLOTS = 16_384;

/**
 * Tells the packet that was captured twice: on a VLAN and on its parent, on a bridge and on its port, by the
 * leaving and by the coming capture process. What one device sees twice was sent twice, and is no duplicate.
 */
export class Duplicates {
  readonly #prints = new Int32Array(SLOTS);
  readonly #origins = new Uint32Array(SLOTS);
  readonly #times = new Float64Array(SLOTS);

  /** True when another `origin` (a number for process and device) has seen this packet just before. */
  seen(probe: Probe, origin: number): boolean {
    const print = fingerprint(probe);
    const slot = print & (SLOTS - 1);
    const elapsed = Math.abs(probe.time - (this.#times[slot] as number));
    const same = this.#prints[slot] === print && elapsed < DUPLICATE_WINDOW;
    if (same && this.#origins[slot] !== origin) return true;
    this.#prints[slot] = print;
    this.#origins[slot] = origin;
    this.#times[slot] = probe.time;
    return false;
  }
}

/** What two copies of one packet have in common, and two packets hardly ever. */
function fingerprint(probe: Probe): number {
  let hash = hashAddress(probe.source, probe.sequence);
  hash = hashAddress(probe.destination, hash);
  hash = mix(hash ^ ((probe.sourcePort << 16) | probe.destinationPort));
  return mix(hash ^ ((probe.identification << 16) | (probe.tcpFlags << 8) | probe.protocol));
}
