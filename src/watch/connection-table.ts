import { free } from '../memory/free.ts';
import { Address } from '../net/address.ts';
import { hashAddress, mix } from '../net/hash.ts';
import type { Segment } from './in-use.ts';

/** Words of a key: both addresses, then both ports. */
const KEY_WORDS = 9;
const PORTS = 8;
const FIRST_ENTRIES = 1_024;

/** What tells connections apart. */
type Ends = Pick<Segment, 'source' | 'sourcePort' | 'destination' | 'destinationPort'>;

/** No entry. */
export const NO_ENTRY = -1;

/**
 * TCP connections by their exact ends, the same in both directions. A full table forgets the connection added first,
 * whatever its hash, so the salt changes nothing but the time that a look-up takes.
 */
export class ConnectionTable {
  /** Bits for the user of the table, and numbers, by entry. */
  state = new Uint8Array(FIRST_ENTRIES);
  times = new Float64Array(FIRST_ENTRIES);
  sequences = new Uint32Array(FIRST_ENTRIES);
  readonly #capacity: number;
  readonly #salt: number;
  #keys = new Uint32Array(FIRST_ENTRIES * KEY_WORDS);
  /** Entries by hash, as chains; both count entries from 1, so that new arrays are empty. */
  #buckets = new Int32Array(FIRST_ENTRIES * 2);
  #chain = new Int32Array(FIRST_ENTRIES);
  #size = 0;
  #oldest = 0;
  /** Serves `#bucketOfKey`, so that a table that grows or is full makes no objects. */
  readonly #ends = { source: new Address(), sourcePort: 0, destination: new Address(), destinationPort: 0 };

  constructor(capacity: number, salt: number) {
    this.#capacity = capacity;
    this.#salt = salt;
  }

  get size(): number {
    return this.#size;
  }

  /** The entry of the segment's connection, or NO_ENTRY. */
  find(segment: Segment): number {
    if (this.#size === 0) return NO_ENTRY;
    let entry = this.#buckets[this.#bucketOf(segment)] as number;
    while (entry !== 0 && !this.#isAt(entry - 1, segment)) entry = this.#chain[entry - 1] as number;
    return entry - 1;
  }

  /** Adds a connection that is not in the table, with all bits and numbers 0. Returns its entry. */
  add(segment: Segment): number {
    const entry = this.#freeEntry();
    this.state[entry] = 0;
    this.times[entry] = 0;
    this.sequences[entry] = 0;
    this.#writeKey(entry * KEY_WORDS, segment);
    const bucket = this.#bucketOf(segment);
    this.#chain[entry] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = entry + 1;
    return entry;
  }

  /** Frees the memory. The table must not be used afterwards. */
  close(): void {
    free(this.state, this.times, this.sequences, this.#keys, this.#buckets, this.#chain);
  }

  #freeEntry(): number {
    if (this.#size < this.#capacity) {
      if (this.#size === this.state.length) this.#grow();
      return this.#size++;
    }
    const entry = this.#oldest;
    this.#oldest = (entry + 1) % this.#capacity;
    this.#unlink(entry);
    return entry;
  }

  #isAt(entry: number, segment: Segment): boolean {
    const keys = this.#keys;
    const at = entry * KEY_WORDS;
    const { source, sourcePort, destination, destinationPort } = segment;
    if (isFirst(segment))
      return keys[at + PORTS] === ports(sourcePort, destinationPort) && isPair(keys, at, source, destination);
    return keys[at + PORTS] === ports(destinationPort, sourcePort) && isPair(keys, at, destination, source);
  }

  #writeKey(at: number, segment: Segment): void {
    const { source, sourcePort, destination, destinationPort } = segment;
    const first = isFirst(segment);
    writeAddress(this.#keys, at, first ? source : destination);
    writeAddress(this.#keys, at + 4, first ? destination : source);
    this.#keys[at + PORTS] = first ? ports(sourcePort, destinationPort) : ports(destinationPort, sourcePort);
  }

  #bucketOf({ source, sourcePort, destination, destinationPort }: Ends): number {
    const hash = mix(
      mix(hashAddress(source, this.#salt) ^ sourcePort) +
        mix(hashAddress(destination, this.#salt) ^ destinationPort),
    );
    return hash & (this.#buckets.length - 1);
  }

  #unlink(entry: number): void {
    const at = entry * KEY_WORDS;
    const bucket = this.#bucketOfKey(at);
    let link = this.#buckets[bucket] as number;
    if (link === entry + 1) {
      this.#buckets[bucket] = this.#chain[entry] as number;
      return;
    }
    while (this.#chain[link - 1] !== entry + 1) link = this.#chain[link - 1] as number;
    this.#chain[link - 1] = this.#chain[entry] as number;
  }

  #bucketOfKey(at: number): number {
    const keys = this.#keys;
    const both = keys[at + PORTS] as number;
    const ends = this.#ends;
    readAddress(keys, at, ends.source);
    readAddress(keys, at + 4, ends.destination);
    ends.sourcePort = both >>> 16;
    ends.destinationPort = both & 0xffff;
    return this.#bucketOf(ends);
  }

  #grow(): void {
    const entries = Math.min(this.#capacity, this.state.length * 2);
    this.state = enlarged(this.state, new Uint8Array(entries));
    this.times = enlarged(this.times, new Float64Array(entries));
    this.sequences = enlarged(this.sequences, new Uint32Array(entries));
    this.#keys = enlarged(this.#keys, new Uint32Array(entries * KEY_WORDS));
    this.#chain = enlarged(this.#chain, new Int32Array(entries));
    free(this.#buckets);
    this.#buckets = new Int32Array(2 ** Math.ceil(Math.log2(entries * 2)));
    for (let entry = 0; entry < this.#size; entry++) {
      const bucket = this.#bucketOfKey(entry * KEY_WORDS);
      this.#chain[entry] = this.#buckets[bucket] as number;
      this.#buckets[bucket] = entry + 1;
    }
  }
}

/** Whether the segment goes from the end that comes first in the key to the other. */
export function isFirst({ source, sourcePort, destination, destinationPort }: Segment): boolean {
  if (source.w3 !== destination.w3) return source.w3 < destination.w3;
  if (source.w2 !== destination.w2) return source.w2 < destination.w2;
  if (source.w1 !== destination.w1) return source.w1 < destination.w1;
  if (source.w0 !== destination.w0) return source.w0 < destination.w0;
  return sourcePort < destinationPort;
}

function ports(first: number, second: number): number {
  return ((first << 16) | second) >>> 0;
}

function isPair(keys: Uint32Array, at: number, first: Address, second: Address): boolean {
  return isAddress(keys, at, first) && isAddress(keys, at + 4, second);
}

function isAddress(keys: Uint32Array, at: number, address: Address): boolean {
  return (
    keys[at + 3] === address.w3 &&
    keys[at + 2] === address.w2 &&
    keys[at + 1] === address.w1 &&
    keys[at] === address.w0
  );
}

function writeAddress(keys: Uint32Array, at: number, address: Address): void {
  keys[at] = address.w0;
  keys[at + 1] = address.w1;
  keys[at + 2] = address.w2;
  keys[at + 3] = address.w3;
}

function readAddress(keys: Uint32Array, at: number, into: Address): void {
  into.w0 = keys[at] as number;
  into.w1 = keys[at + 1] as number;
  into.w2 = keys[at + 2] as number;
  into.w3 = keys[at + 3] as number;
}

function enlarged<T extends Uint8Array | Uint32Array | Int32Array | Float64Array>(old: T, larger: T): T {
  larger.set(old);
  free(old);
  return larger;
}
