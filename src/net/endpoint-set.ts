import { free } from '../memory/free.ts';
import { Address } from './address.ts';
import { hashAddress, mix } from './hash.ts';

/** Words in a slot: the address, then protocol and port with a bit that marks the slot as taken. */
const SLOT_WORDS = 5;
const TAKEN = 0x80000000;
const FIRST_SLOTS = 1024;

/**
 * A set of (protocol, address, port): open addressing over one typed array. It is bounded, so that a capture with
 * millions of forged senders does not exhaust the memory; a full set ignores new endpoints.
 */
export class EndpointSet {
  readonly #capacity: number;
  readonly #salt: number;
  #words = new Uint32Array(FIRST_SLOTS * SLOT_WORDS);
  #slots = FIRST_SLOTS;
  #size = 0;
  /** Where the last endpoint was found: consecutive packets often belong to one connection. */
  #last = 0;

  /**
   * Keeps up to `capacity` endpoints. Pass a random `salt` when an attacker can choose the endpoints: half a million
   * that fall into one slot take minutes to add. The salt does not change what the set holds.
   */
  constructor(capacity: number, salt = 0) {
    this.#capacity = capacity;
    this.#salt = salt;
  }

  get size(): number {
    return this.#size;
  }

  has(protocol: number, address: Address, port: number): boolean {
    return this.#words[this.#find(protocol, address, port) + 4] !== 0;
  }

  /** Returns false when the set is full and does not hold the endpoint. */
  add(protocol: number, address: Address, port: number): boolean {
    const at = this.#find(protocol, address, port);
    if (this.#words[at + 4] !== 0) return true;
    if (this.#size >= this.#capacity) return false;
    this.#words[at] = address.w0;
    this.#words[at + 1] = address.w1;
    this.#words[at + 2] = address.w2;
    this.#words[at + 3] = address.w3;
    this.#words[at + 4] = tag(protocol, port);
    this.#size++;
    if (this.#size * 2 > this.#slots) this.#grow();
    return true;
  }

  /** The index of the endpoint in the words, or of the free slot that it would take. */
  #find(protocol: number, address: Address, port: number): number {
    const wanted = tag(protocol, port);
    const words = this.#words;
    if (this.#isAt(this.#last, wanted, address)) return this.#last;
    let slot = mix(hashAddress(address, this.#salt) ^ wanted) & (this.#slots - 1);
    for (;;) {
      const at = slot * SLOT_WORDS;
      const found = words[at + 4];
      if (found === 0) return at;
      if (this.#isAt(at, wanted, address)) {
        this.#last = at;
        return at;
      }
      slot = (slot + 1) & (this.#slots - 1);
    }
  }

  #isAt(at: number, wanted: number, address: Address): boolean {
    const words = this.#words;
    return (
      words[at + 4] === wanted &&
      words[at + 3] === address.w3 &&
      words[at + 2] === address.w2 &&
      words[at + 1] === address.w1 &&
      words[at] === address.w0
    );
  }

  #grow(): void {
    const old = this.#words;
    this.#slots *= 2;
    this.#words = new Uint32Array(this.#slots * SLOT_WORDS);
    const address = new Address();
    for (let at = 0; at < old.length; at += SLOT_WORDS) {
      const entry = old[at + 4] as number;
      if (entry === 0) continue;
      address.w0 = old[at] as number;
      address.w1 = old[at + 1] as number;
      address.w2 = old[at + 2] as number;
      address.w3 = old[at + 3] as number;
      const found = this.#find((entry >>> 16) & 0xff, address, entry & 0xffff);
      this.#words.set(old.subarray(at, at + SLOT_WORDS), found);
    }
    free(old);
  }
}

function tag(protocol: number, port: number): number {
  return (TAKEN | (protocol << 16) | port) >>> 0;
}
