import type { Probe } from '../classify/probe.ts';
import { hashAddress, mix } from '../net/hash.ts';

/** Copies of one packet come within this time. */
const DUPLICATE_WINDOW_MS = 100;

/**
 * The number of packets remembered: 100 ms of 160,000 a second. A faster flood pushes out the oldest. A copy that
 * passes then repeats an attempt, which is no new connect either.
 */
const SLOTS = 16_384;

/**
 * Finds packets that were captured twice: on a VLAN and on its parent, on a bridge and on its port, by an old sensor
 * and by the one that replaces it. A packet that one device sees twice was sent twice, and is no duplicate.
 */
export class Duplicates {
  readonly #prints = new Int32Array(SLOTS);
  readonly #origins = new Uint32Array(SLOTS);
  readonly #times = new Float64Array(SLOTS);

  /** True when another `origin`, a number for sensor and device, has just seen this packet. */
  seen(probe: Probe, origin: number): boolean {
    const print = fingerprint(probe);
    const slot = print & (SLOTS - 1);
    const elapsed = Math.abs(probe.time - (this.#times[slot] as number));
    const same = this.#prints[slot] === print && elapsed < DUPLICATE_WINDOW_MS;
    if (same && this.#origins[slot] !== origin) return true;
    this.#prints[slot] = print;
    this.#origins[slot] = origin;
    this.#times[slot] = probe.time;
    return false;
  }
}

/** A hash of fields that copies of a packet share, and that two packets hardly ever do. */
function fingerprint(probe: Probe): number {
  let hash = hashAddress(probe.source, probe.sequence);
  hash = hashAddress(probe.destination, hash);
  hash = mix(hash ^ ((probe.sourcePort << 16) | probe.destinationPort));
  return mix(hash ^ ((probe.identification << 16) | (probe.tcpFlags << 8) | probe.protocol));
}
