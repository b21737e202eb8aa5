import type { Transport } from '../net/protocol.ts';
import { MAX_SCANNED_RANGES, type ScannedRange } from '../track/ranges.ts';

const TRANSPORTS: readonly Transport[] = ['tcp', 'udp', 'sctp', 'icmp', 'ip', 'arp'];

/** A range as one number: its transport and first port, and its last port in the lower 16 bits. */
const PORTS = 65_536;

/** The ports that a source probed, as ranges in the memory of a few numbers. */
export class RangeSet {
  /** Some ports lie in a range only because there was no room for more ranges. */
  isRough = false;
  /** The first and the last numbers of the ranges in order; the number of a port counts those of all transports. */
  readonly #bounds: number[] = [];

  /** Adds the ports of a range. */
  add({ transport, first, last }: ScannedRange): void {
    const base = TRANSPORTS.indexOf(transport) * PORTS;
    this.#insert(base + first, base + last);
  }

  /** Adds one port. */
  addPort(transport: Transport, port: number): void {
    const at = TRANSPORTS.indexOf(transport) * PORTS + port;
    this.#insert(at, at);
  }

  /** How many ports the ranges have. */
  get size(): number {
    let size = 0;
    for (let at = 0; at < this.#bounds.length; at += 2) size += this.#high(at) - this.#low(at) + 1;
    return size;
  }

  /** The ranges in order. */
  ranges(): ScannedRange[] {
    return Array.from({ length: this.#bounds.length / 2 }, (_, index) => {
      const low = this.#low(index * 2);
      const transport = TRANSPORTS[Math.floor(low / PORTS)] as Transport;
      return { transport, first: low % PORTS, last: this.#high(index * 2) % PORTS };
    });
  }

  #low(at: number): number {
    return this.#bounds[at] as number;
  }

  #high(at: number): number {
    return this.#bounds[at + 1] as number;
  }

  #insert(low: number, high: number): void {
    const bounds = this.#bounds;
    let from = 0;
    while (from < bounds.length && (this.#high(from) + 1 < low || this.#isApart(this.#high(from), low)))
      from += 2;
    let to = from;
    while (to < bounds.length && this.#low(to) <= high + 1 && !this.#isApart(high, this.#low(to))) to += 2;
    if (to === from + 2 && this.#low(from) <= low && this.#high(from) >= high) return;
    const first = to > from ? Math.min(low, this.#low(from)) : low;
    const last = to > from ? Math.max(high, this.#high(to - 2)) : high;
    bounds.splice(from, to - from, first, last);
    if (bounds.length > 2 * MAX_SCANNED_RANGES) this.#closeNarrowest();
  }

  /** Two neighbours of different transports touch, and are not one range. */
  #isApart(before: number, after: number): boolean {
    return after > before && Math.floor(before / PORTS) !== Math.floor(after / PORTS);
  }

  #closeNarrowest(): void {
    let narrowest = 0;
    let gap = Number.POSITIVE_INFINITY;
    for (let at = 0; at + 2 < this.#bounds.length; at += 2) {
      const width = this.#low(at + 2) - this.#high(at);
      if (width >= gap || this.#isApart(this.#high(at), this.#low(at + 2))) continue;
      gap = width;
      narrowest = at;
    }
    this.#bounds.splice(narrowest + 1, 2);
    this.isRough = true;
  }
}
