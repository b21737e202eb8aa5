import { Address } from '../net/address.ts';
import { hashAddress } from '../net/hash.ts';

/** Addresses that have numbers: as many as 16 bits tell apart. */
const MAX_TARGETS = 65_536;
const FIRST_BUCKETS = 256;

/** The number of an address beyond MAX_TARGETS. */
export const NO_NUMBER = -1;

/**
 * Numbers for the addresses that are probed, in the order in which they are first seen. A host has few addresses; in
 * a capture of a whole network, those after the first 65,536 remain without a number.
 */
export class TargetNumbers {
  readonly #addresses: Address[] = [];
  readonly #salt: number;
  /** Numbers by hash, open addressing, counted from 1. */
  #buckets = new Int32Array(FIRST_BUCKETS);

  constructor(salt: number) {
    this.#salt = salt;
  }

  /** The address's number, a new one if necessary; NO_NUMBER when there are no more. */
  numberOf(address: Address): number {
    const bucket = this.#bucketOf(address);
    const found = this.#buckets[bucket] as number;
    if (found !== 0) return found - 1;
    if (this.#addresses.length === MAX_TARGETS) return NO_NUMBER;
    this.#addresses.push(Address.from(address));
    this.#buckets[bucket] = this.#addresses.length;
    if (this.#addresses.length * 2 > this.#buckets.length) this.#grow();
    return this.#addresses.length - 1;
  }

  /** The address with a number that was given. */
  address(number: number): Address {
    return this.#addresses[number] as Address;
  }

  /** The bucket that holds the address, or the free one that it would take. */
  #bucketOf(address: Address): number {
    const mask = this.#buckets.length - 1;
    let bucket = hashAddress(address, this.#salt) & mask;
    for (;;) {
      const number = this.#buckets[bucket] as number;
      if (number === 0 || this.address(number - 1).equals(address)) return bucket;
      bucket = (bucket + 1) & mask;
    }
  }

  #grow(): void {
    this.#buckets = new Int32Array(this.#buckets.length * 2);
    for (const [index, address] of this.#addresses.entries()) {
      this.#buckets[this.#bucketOf(address)] = index + 1;
    }
  }
}
