import { Address } from '../net/address.ts';
import { maskAddress } from '../net/prefix.ts';

/** Networks of each length that are remembered; the one that was quiet longest leaves. Forged sources take no more. */
const MAX_NETWORKS = 4_096;

/** Probes that are taken a second: a flood of forged sources must not cost more. */
const MAX_PROBES_PER_SECOND = 1_000;

/** A network that was quiet for this long is forgotten, and with it all that has added up in it. */
const GROWTH_TIME_MS = 600_000;

/** The bits of a single address. */
const ADDRESS_BITS = 128;

/** The lengths that a source grows to, and how many of what is one step smaller must take part. */
const STEPS = [
  { length: 64, siblings: 2 },
  { length: 56, siblings: 4 },
  { length: 48, siblings: 4 },
] as const;

/** The length of a network that several addresses probe from. */
export type GrownLength = (typeof STEPS)[number]['length'];

interface Network {
  readonly siblings: Set<string>;
  lastMs: number;
}

/**
 * Adds up the addresses of IPv6 networks that probe. An attacker has a /64 at least and often a /48, and can send each
 * packet from another address of it: two addresses make their /64 one source, four /64 networks their /56, and four of
 * those their /48. A network that was quiet for ten minutes begins anew. Times in ms of a monotonic clock.
 */
export class NetworkGrowth {
  /** By network, for each step; the one that probed last is the last. */
  readonly #networks = STEPS.map(() => new Map<string, Network>());
  readonly #masked = new Address();
  #secondBegan = Number.NEGATIVE_INFINITY;
  #taken = 0;

  /**
   * Takes a probe of an IPv6 address. Returns the lengths of the networks around it that are one source now, the largest
   * first; none in a flood for what it does not take.
   */
  note(address: Address, now: number): GrownLength[] {
    if (!this.#hasTurn(now)) return [];
    const grown: GrownLength[] = [];
    let smaller: number = ADDRESS_BITS;
    for (const [index, { length, siblings: needed }] of STEPS.entries()) {
      const { siblings } = this.#networkAt(index, this.#textOf(address, length), now);
      if (siblings.size < needed) siblings.add(this.#textOf(address, smaller));
      if (siblings.size >= needed) grown.unshift(length);
      smaller = length;
    }
    return grown;
  }

  #networkAt(step: number, key: string, now: number): Network {
    const networks = this.#networks[step] as Map<string, Network>;
    const known = networks.get(key);
    const isFresh = known !== undefined && now - known.lastMs < GROWTH_TIME_MS;
    const network = isFresh ? known : { siblings: new Set<string>(), lastMs: now };
    network.lastMs = now;
    networks.delete(key);
    networks.set(key, network);
    if (networks.size > MAX_NETWORKS) {
      const [oldest] = networks.keys();
      networks.delete(oldest as string);
    }
    return network;
  }

  #textOf(address: Address, length: number): string {
    const { w0, w1, w2, w3 } = maskAddress(address, length, this.#masked);
    return `${w0},${w1},${w2},${w3}`;
  }

  #hasTurn(now: number): boolean {
    if (now - this.#secondBegan >= 1_000) {
      this.#secondBegan = now;
      this.#taken = 0;
    }
    return this.#taken++ < MAX_PROBES_PER_SECOND;
  }
}
