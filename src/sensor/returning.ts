import type { Address } from '../net/address.ts';
import { hashAddress } from '../net/hash.ts';

/**
 * Places for sources. Forged ones, each of which comes once, overwrite a scanner's place: at 200,000 a second one that
 * sends 100 probes a second is still known in 99 of 100 cases.
 */
const PLACES = 2 ** 20;

/** Recognizes sources that have come before, among many that come once: a fixed table of their hashes. */
export class Returning {
  readonly #hashes = new Int32Array(PLACES);
  readonly #salt: number;

  /** `salt` must be random: else a forger overwrites the place of a source that it chooses. */
  constructor(salt: number) {
    this.#salt = salt;
  }

  /** Whether the source has come before, as far as is remembered; remembers it. */
  isAgain(source: Address): boolean {
    const hash = hashAddress(source, this.#salt);
    const place = hash & (PLACES - 1);
    if (this.#hashes[place] === hash) return true;
    this.#hashes[place] = hash;
    return false;
  }
}
