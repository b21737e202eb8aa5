import type { Probe } from '../classify/probe.ts';

/** A neighbour that asks for more addresses than this within the time sweeps. */
const MAX_ADDRESSES = 16;
const WINDOW_MS = 10_000;

/** Neighbours remembered, 256 octets each. The one that has asked longest ago leaves first. */
const MAX_NEIGHBOURS = 1_024;

/** The addresses that a neighbour asked for last, and when. */
interface Questions {
  readonly addresses: number[];
  readonly times: number[];
}

/** Tells a neighbour that asks for one address after another from one that looks for its peers. */
export class ArpSweeps {
  /** By the IPv4 address of the neighbour, the one that asked longest ago first. */
  readonly #neighbours = new Map<number, Questions>();

  /** Notes an ARP request and returns whether its sender sweeps. */
  counts({ source, destination, time }: Probe): boolean {
    const questions = this.#questionsOf(source.w3);
    const { addresses, times } = questions;
    const known = addresses.indexOf(destination.w3);
    if (known >= 0) {
      addresses.splice(known, 1);
      times.splice(known, 1);
    }
    addresses.push(destination.w3);
    times.push(time);
    if (addresses.length > MAX_ADDRESSES + 1) {
      addresses.shift();
      times.shift();
    }
    // In a capture, time may also go backwards.
    return addresses.length > MAX_ADDRESSES && Math.abs(time - (times[0] as number)) <= WINDOW_MS;
  }

  #questionsOf(neighbour: number): Questions {
    const questions = this.#neighbours.get(neighbour) ?? { addresses: [], times: [] };
    this.#neighbours.delete(neighbour);
    this.#neighbours.set(neighbour, questions);
    if (this.#neighbours.size > MAX_NEIGHBOURS) {
      const oldest = this.#neighbours.keys().next().value;
      if (oldest !== undefined) this.#neighbours.delete(oldest);
    }
    return questions;
  }
}
