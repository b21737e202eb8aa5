import type { Packet } from '../decode/packet.ts';
import { Address } from '../net/address.ts';
import { free } from '../net/endpoint-set.ts';
import { hashAddress } from '../net/hash.ts';
import { type Transport, transportOf } from '../net/protocol.ts';
import { ConnectionTables, isFirst, NO_ENTRY } from './connection-table.ts';

/** Answers remembered in all, and those of them that one source is told. */
const MAX_ANSWERS = 65_536;
const MAX_OF_SOURCE = 64;

/** Room for them, whatever their family. */
const PAIRS = { v4: MAX_ANSWERS, v6: MAX_ANSWERS };

/** Exchanges of datagrams remembered, the last ones. */
const MAX_EXCHANGES = { v4: 65_536, v6: 65_536 };

// Of such an exchange: the end that comes first in its key has asked, or the other.
const FIRST_ASKED = 1;
const SECOND_ASKED = 2;

/** From the first to the last moment, in ms since the epoch. */
interface Span {
  readonly first: number;
  readonly last: number;
}

const ALWAYS: Span = { first: 0, last: Number.POSITIVE_INFINITY };

/** A port that sent an answer. */
export interface SeenAnswer {
  /** Canonical address text. */
  readonly address: string;
  readonly transport: Transport;
  readonly port: number;
}

// An answer, in words: its destination, its source, its port and protocol. Then, counted from 1, the next answer to the
// same address; and for the first one to an address the last one, how many there are, and the next address with its hash.
const TO = 0;
const FROM = 4;
const PORT = 8;
const NEXT = 9;
const LAST = 10;
const COUNT = 11;
const NEXT_ADDRESS = 12;
/** When it came first and last, in seconds since the epoch. */
const FIRST_SECOND = 13;
const LAST_SECOND = 14;
const ANSWER_WORDS = 15;

/**
 * An answer this long before the first probe of a scan or after its last one still belongs to it, in seconds: a port in use is
 * no probe's, and it may be the first or the last that a slow scan asks.
 */
const SLACK_SECONDS = 30;

const FIRST_ANSWERS = 256;

/**
 * The first ports of a capture that answered, each with the address that it answered. They are bounded and in one array,
 * because most answers are to honest connections and nobody asks for them.
 */
export class SeenAnswers {
  /** Pairs of an answering port and an address. */
  #pairs: ConnectionTables;
  /** Which end sent the first datagram between two ports. */
  #datagrams: ConnectionTables;
  readonly #salt: number;
  #words = new Uint32Array(FIRST_ANSWERS * ANSWER_WORDS);
  /** The first answer to an address, by its hash, counted from 1. */
  #buckets = new Int32Array(FIRST_ANSWERS);
  #isFull = false;

  /** `salt` randomizes hashes; the results do not depend on it. */
  constructor(salt: number) {
    this.#pairs = new ConnectionTables(PAIRS, salt);
    this.#datagrams = new ConnectionTables(MAX_EXCHANGES, salt);
    this.#salt = salt;
  }

  /** Notes a datagram, which is an answer if one went the other way between the same ports before it. */
  noteDatagram(packet: Packet): void {
    const datagrams = this.#datagrams.of(packet);
    const sender = isFirst(packet) ? FIRST_ASKED : SECOND_ASKED;
    const exchange = datagrams.find(packet);
    if (exchange === NO_ENTRY) {
      // A table that grows has a new array.
      const added = datagrams.add(packet);
      datagrams.state[added] = sender;
    } else if (datagrams.state[exchange] !== sender) this.note(packet);
  }

  /** Notes a packet that comes from a port that listens. */
  note({ source, sourcePort, destination, protocol, time }: Packet): void {
    // The protocol stands in for the other port, so that ports of two protocols are two.
    const pair = { source, sourcePort, destination, destinationPort: protocol, time };
    const pairs = this.#pairs.of(pair);
    if (this.#isFull) return;
    const known = pairs.find(pair);
    if (known !== NO_ENTRY) {
      this.#words[placeOf(pairs.sequenceOf(known)) + LAST_SECOND] = secondOf(time);
      return;
    }
    if (this.#pairs.size === MAX_ANSWERS) {
      this.#isFull = true;
      return;
    }
    const entry = pairs.add(pair);
    const answer = this.#pairs.size;
    pairs.noteSequence(entry, answer);
    if (answer * ANSWER_WORDS > this.#words.length) this.#grow();
    const at = placeOf(answer);
    const words = this.#words;
    write(words, at + TO, destination);
    write(words, at + FROM, source);
    words[at + PORT] = (protocol << 16) | sourcePort;
    words[at + FIRST_SECOND] = secondOf(time);
    words[at + LAST_SECOND] = secondOf(time);
    this.#link(answer, destination);
  }

  /** Frees what only notes need. Whatever is noted later is taken for new. */
  endNotes(): void {
    this.#pairs.close();
    this.#datagrams.close();
    this.#pairs = new ConnectionTables(PAIRS, this.#salt);
    this.#datagrams = new ConnectionTables(MAX_EXCHANGES, this.#salt);
  }

  /**
   * What answered the address between the times (ms since the epoch), 64 ports at most; null when there were too many answers
   * to know.
   */
  to(address: Address, { first: from, last: until }: Span = ALWAYS): readonly SeenAnswer[] | null {
    const words = this.#words;
    const first = this.#firstTo(address);
    if (first === 0) return this.#isFull ? null : [];
    const answers: SeenAnswer[] = [];
    const isCut = words[placeOf(first) + COUNT] === MAX_OF_SOURCE;
    for (let answer = first; answer !== 0; answer = words[placeOf(answer) + NEXT] as number) {
      const at = placeOf(answer);
      const port = words[at + PORT] as number;
      const isBefore = (words[at + LAST_SECOND] as number) < from / 1_000 - SLACK_SECONDS;
      const isAfter = (words[at + FIRST_SECOND] as number) > until / 1_000 + SLACK_SECONDS;
      // What came in that time may be among those that are not remembered.
      if ((isBefore || isAfter) && isCut) return null;
      if (isBefore || isAfter) continue;
      const transport = transportOf(port >>> 16);
      answers.push({ address: addressAt(words, at + FROM).toString(), transport, port: port & 0xffff });
    }
    return answers;
  }

  /** Appends the answer to those to the same address. */
  #link(answer: number, destination: Address): void {
    const words = this.#words;
    const first = this.#firstTo(destination);
    if (first === 0) {
      this.#linkFirst(answer);
      return;
    }
    const at = placeOf(first);
    if (words[at + COUNT] === MAX_OF_SOURCE) return;
    words[placeOf(words[at + LAST] as number) + NEXT] = answer;
    words[at + LAST] = answer;
    words[at + COUNT] = (words[at + COUNT] as number) + 1;
  }

  #linkFirst(answer: number): void {
    const words = this.#words;
    const at = placeOf(answer);
    const bucket = this.#bucketOf(addressAt(words, at + TO));
    words[at + LAST] = answer;
    words[at + COUNT] = 1;
    words[at + NEXT_ADDRESS] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = answer;
  }

  /** The first answer to the address; 0 when there is none. */
  #firstTo(address: Address): number {
    const words = this.#words;
    let first = this.#buckets[this.#bucketOf(address)] as number;
    while (first !== 0 && !isAt(words, placeOf(first) + TO, address))
      first = words[placeOf(first) + NEXT_ADDRESS] as number;
    return first;
  }

  #bucketOf(address: Address): number {
    return hashAddress(address, this.#salt) & (this.#buckets.length - 1);
  }

  #grow(): void {
    const old = this.#words;
    this.#words = new Uint32Array(old.length * 2);
    this.#words.set(old);
    const buckets = new Int32Array(this.#buckets.length * 2);
    free(this.#buckets);
    this.#buckets = buckets;
    for (let answer = 1; placeOf(answer) < old.length; answer++) {
      const at = placeOf(answer);
      if (old[at + COUNT] === 0) continue;
      const bucket = this.#bucketOf(addressAt(old, at + TO));
      this.#words[at + NEXT_ADDRESS] = this.#buckets[bucket] as number;
      this.#buckets[bucket] = answer;
    }
    free(old);
  }
}

function secondOf(time: number): number {
  return Math.floor(time / 1_000);
}

function placeOf(answer: number): number {
  return (answer - 1) * ANSWER_WORDS;
}

function write(words: Uint32Array, at: number, { w0, w1, w2, w3 }: Address): void {
  words[at] = w0;
  words[at + 1] = w1;
  words[at + 2] = w2;
  words[at + 3] = w3;
}

function isAt(words: Uint32Array, at: number, { w0, w1, w2, w3 }: Address): boolean {
  return words[at + 3] === w3 && words[at + 2] === w2 && words[at + 1] === w1 && words[at] === w0;
}

function addressAt(words: Uint32Array, at: number): Address {
  return new Address(
    words[at] as number,
    words[at + 1] as number,
    words[at + 2] as number,
    words[at + 3] as number,
  );
}
