import { Address } from '../net/address.ts';
import { free } from '../net/endpoint-set.ts';
import { hashAddress, mix } from '../net/hash.ts';
import type { Segment } from './in-use.ts';

/** Words of a key: both ports, then both addresses, of IPv4 only their last words. */
const KEY_WORDS = 9;
const KEY_WORDS_V4 = 3;
const FIRST_ENTRIES = 1_024;

/** What tells connections apart. */
interface Ends {
  readonly source: Address;
  sourcePort: number;
  readonly destination: Address;
  destinationPort: number;
}

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
  readonly #capacity: number;
  readonly #salt: number;
  readonly #keyWords: number;
  #keys: Uint32Array;
  /** Entries by hash, as chains; both count entries from 1, so that new arrays are empty. */
  #buckets = new Int32Array(FIRST_ENTRIES * 2);
  #chain = new Int32Array(FIRST_ENTRIES);
  /** Made with the first number that is not 0. */
  #sequences: Uint32Array | null = null;
  #size = 0;
  #oldest = 0;
  /** Serves `#bucketOfKey`, so that a table that grows or is full makes no objects. */
  readonly #ends: Ends;

  /** A table for IPv4 takes no other connections, and little more than half of the memory. */
  constructor(capacity: number, salt: number, family: 'IPv4' | 'any' = 'any') {
    this.#capacity = capacity;
    this.#salt = salt;
    this.#keyWords = family === 'IPv4' ? KEY_WORDS_V4 : KEY_WORDS;
    this.#keys = new Uint32Array(FIRST_ENTRIES * this.#keyWords);
    this.#ends = { source: Address.v4(0), sourcePort: 0, destination: Address.v4(0), destinationPort: 0 };
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
    if (this.#sequences !== null) this.#sequences[entry] = 0;
    this.#writeKey(entry * this.#keyWords, segment);
    const bucket = this.#bucketOf(segment);
    this.#chain[entry] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = entry + 1;
    return entry;
  }

  /** The sequence number noted with an entry; 0 for none. */
  sequenceOf(entry: number): number {
    return this.#sequences === null ? 0 : (this.#sequences[entry] as number);
  }

  noteSequence(entry: number, sequence: number): void {
    this.#sequences ??= new Uint32Array(this.state.length);
    this.#sequences[entry] = sequence;
  }

  /** Frees the memory. The table must not be used afterwards. */
  close(): void {
    free(this.state, this.times, this.#keys, this.#buckets, this.#chain);
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
    const at = entry * this.#keyWords;
    const { source, sourcePort, destination, destinationPort } = segment;
    return isFirst(segment)
      ? this.#keys[at] === ports(sourcePort, destinationPort) && this.#isPair(at + 1, source, destination)
      : this.#keys[at] === ports(destinationPort, sourcePort) && this.#isPair(at + 1, destination, source);
  }

  #writeKey(at: number, segment: Segment): void {
    const { source, sourcePort, destination, destinationPort } = segment;
    const first = isFirst(segment);
    this.#keys[at] = first ? ports(sourcePort, destinationPort) : ports(destinationPort, sourcePort);
    this.#writePair(at + 1, first ? source : destination, first ? destination : source);
  }

  #isPair(at: number, first: Address, second: Address): boolean {
    const keys = this.#keys;
    if (this.#keyWords === KEY_WORDS_V4) return keys[at] === first.w3 && keys[at + 1] === second.w3;
    return isAddress(keys, at, first) && isAddress(keys, at + 4, second);
  }

  #writePair(at: number, first: Address, second: Address): void {
    if (this.#keyWords === KEY_WORDS_V4) {
      this.#keys[at] = first.w3;
      this.#keys[at + 1] = second.w3;
    } else {
      writeAddress(this.#keys, at, first);
      writeAddress(this.#keys, at + 4, second);
    }
  }

  #bucketOf({ source, sourcePort, destination, destinationPort }: Readonly<Ends>): number {
    const hash = mix(
      mix(hashAddress(source, this.#salt) ^ sourcePort) +
        mix(hashAddress(destination, this.#salt) ^ destinationPort),
    );
    return hash & (this.#buckets.length - 1);
  }

  #unlink(entry: number): void {
    const at = entry * this.#keyWords;
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
    const both = keys[at] as number;
    const ends = this.#ends;
    if (this.#keyWords === KEY_WORDS_V4) {
      ends.source.w3 = keys[at + 1] as number;
      ends.destination.w3 = keys[at + 2] as number;
    } else {
      readAddress(keys, at + 1, ends.source);
      readAddress(keys, at + 5, ends.destination);
    }
    ends.sourcePort = both >>> 16;
    ends.destinationPort = both & 0xffff;
    return this.#bucketOf(ends);
  }

  #grow(): void {
    const entries = Math.min(this.#capacity, this.state.length * 2);
    this.state = enlarged(this.state, new Uint8Array(entries));
    this.times = enlarged(this.times, new Float64Array(entries));
    if (this.#sequences !== null) this.#sequences = enlarged(this.#sequences, new Uint32Array(entries));
    this.#keys = enlarged(this.#keys, new Uint32Array(entries * this.#keyWords));
    this.#chain = enlarged(this.#chain, new Int32Array(entries));
    free(this.#buckets);
    this.#buckets = new Int32Array(2 ** Math.ceil(Math.log2(entries * 2)));
    for (let entry = 0; entry < this.#size; entry++) {
      const bucket = this.#bucketOfKey(entry * this.#keyWords);
      this.#chain[entry] = this.#buckets[bucket] as number;
      this.#buckets[bucket] = entry + 1;
    }
  }
}

/** Tables for connections of each family, which are filled separately. */
export class ConnectionTables {
  readonly #v4: ConnectionTable;
  readonly #v6: ConnectionTable;

  /** `v4` and `v6` are the most connections of each. */
  constructor({ v4, v6 }: { readonly v4: number; readonly v6: number }, salt: number) {
    this.#v4 = new ConnectionTable(v4, salt, 'IPv4');
    this.#v6 = new ConnectionTable(v6, salt);
  }

  /** The table for the segment's connection. */
  of({ source, destination }: Pick<Segment, 'source' | 'destination'>): ConnectionTable {
    return source.isV4 && destination.isV4 ? this.#v4 : this.#v6;
  }

  get size(): number {
    return this.#v4.size + this.#v6.size;
  }

  /** Frees the memory. The tables must not be used afterwards. */
  close(): void {
    this.#v4.close();
    this.#v6.close();
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
