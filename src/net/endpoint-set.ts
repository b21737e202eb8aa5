import { Address } from './address.ts';
import { hashAddress, mix } from './hash.ts';

/** Words of one slot: the address, then protocol and port with a bit that says "taken". */
const SLOT_WORDS = 5;
const TAKEN = 0x80000000;
const FIRST_SLOTS = 1024;

/**
 * A set of (protocol, address, port), open addressing over one typed array. Bounded: a capture with millions of
 * forged senders stops being remembered there, and costs no more memory.
 */
export class EndpointSet {
  readonly #most: number;
  readonly #salt: number;
  #words = new Uint32Array(FIRST_SLOTS * SLOT_WORDS);
  #slots = FIRST_SLOTS;
  #size = 0;
  /** Where the last endpoint was found: packets of one connection follow one another. */
  #last = 0;

  /**
   * `most`: how many endpoints are kept. `salt` randomizes the slots where somebody outside chooses the endpoints:
   * half a million that fall into one slot take minutes to add. What the set holds does not depend on it.
   */
  constructor(most: number, salt = 0) {
    this.#most = most;
    this.#salt = salt;
  }

  get size(): number {
    return this.#size;
  }

  has(protocol: number, address: Address, port: number): boolean {
    return this.#words[this.#find(protocol, address, port) + 4] !== 0;
  }

  /** False when the set is full. */
  add(protocol: number, address: Address, port: number): boolean {
    const at = this.#find(protocol, address, port);
    if (this.#words[at + 4] !== 0) return true;
    if (this.#size >= this.#most) return false;
    this.#words[at] = address.w0;
    this.#words[at + 1] = address.w1;
    this.#words[at + 2] = address.w2;
    this.#words[at + 3] = address.w3;
    this.#words[at + 4] = tag(protocol, port);
    this.#size++;
    if (this.#size * 2 > this.#slots) this.#grow();
    return true;
  }

  /** Where the endpoint stands, or the free slot where it would. */
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
      const free = this.#find((entry >>> 16) & 0xff, address, entry & 0xffff);
      this.#words.set(old.subarray(at, at + SLOT_WORDS), free);
    }
  }
}

function tag(protocol: number, port: number): number {
  return (TAKEN | (protocol << 16) | port) >>> 0;
}
