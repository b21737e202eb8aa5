import { Address } from './address.ts';
import { hashAddress, mix } from './hash.ts';

/** Words in a slot: protocol and port with a bit that marks the slot as taken, then the address, of IPv4 only the last word. */
const SLOT_WORDS = 5;
const SLOT_WORDS_V4 = 2;
const TAKEN = 0x80000000;
const FIRST_SLOTS = 1024;

/**
 * A set of (protocol, address, port): open addressing over one typed array. It is bounded, so that a capture with
 * millions of forged senders does not exhaust the memory; a full set ignores new endpoints.
 */
export class EndpointSet {
  readonly #capacity: number;
  readonly #salt: number;
  readonly #slotWords: number;
  #words: Uint32Array;
  #slots = FIRST_SLOTS;
  #size = 0;
  /** Where the last endpoint was found: consecutive packets often belong to one connection. */
  #last = 0;

  /**
   * Keeps up to `capacity` endpoints. Pass a random `salt` when an attacker can choose the endpoints: half a million
   * that fall into one slot take minutes to add. The salt does not change what the set holds. A set for IPv4 takes no
   * other addresses, and less than half of the memory.
   */
  constructor(capacity: number, salt = 0, family: 'IPv4' | 'any' = 'any') {
    this.#capacity = capacity;
    this.#salt = salt;
    this.#slotWords = family === 'IPv4' ? SLOT_WORDS_V4 : SLOT_WORDS;
    this.#words = new Uint32Array(FIRST_SLOTS * this.#slotWords);
  }

  get size(): number {
    return this.#size;
  }

  has(protocol: number, address: Address, port: number): boolean {
    return this.#words[this.#find(protocol, address, port)] !== 0;
  }

  /** Returns false when the set is full and does not hold the endpoint. */
  add(protocol: number, address: Address, port: number): boolean {
    const at = this.#find(protocol, address, port);
    if (this.#words[at] !== 0) return true;
    if (this.#size >= this.#capacity) return false;
    this.#words[at] = tag(protocol, port);
    this.#words[at + 1] = address.w3;
    if (this.#slotWords === SLOT_WORDS) {
      this.#words[at + 2] = address.w2;
      this.#words[at + 3] = address.w1;
      this.#words[at + 4] = address.w0;
    }
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
      const at = slot * this.#slotWords;
      const found = words[at];
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
    if (words[at] !== wanted || words[at + 1] !== address.w3) return false;
    if (this.#slotWords === SLOT_WORDS_V4) return true;
    return words[at + 2] === address.w2 && words[at + 3] === address.w1 && words[at + 4] === address.w0;
  }

  #grow(): void {
    const old = this.#words;
    this.#slots *= 2;
    const words = this.#slotWords;
    this.#words = new Uint32Array(this.#slots * words);
    const address = Address.v4(0);
    for (let at = 0; at < old.length; at += words) {
      const entry = old[at] as number;
      if (entry === 0) continue;
      address.w3 = old[at + 1] as number;
      if (words === SLOT_WORDS) {
        address.w2 = old[at + 2] as number;
        address.w1 = old[at + 3] as number;
        address.w0 = old[at + 4] as number;
      }
      const found = this.#find((entry >>> 16) & 0xff, address, entry & 0xffff);
      for (let word = 0; word < words; word++) this.#words[found + word] = old[at + word] as number;
    }
    free(old);
  }
}

function tag(protocol: number, port: number): number {
  return (TAKEN | (protocol << 16) | port) >>> 0;
}

/** What has a method that ECMAScript has since 2024 and Node since version 21. */
interface Transferable {
  transfer?: (byteLength: number) => ArrayBuffer;
}

/**
 * Frees the memory of arrays that nobody uses any more, at once. Left to itself, V8 frees it with a later collection of the
 * old generation, which comes late where most of the memory is outside of the heap. Node 20 does nothing here.
 */
export function free(...arrays: readonly ArrayBufferView[]): void {
  for (const { buffer } of arrays) (buffer as Transferable).transfer?.(0);
}
