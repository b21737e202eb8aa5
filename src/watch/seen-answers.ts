import type { Packet } from '../decode/packet.ts';
import type { Address } from '../net/address.ts';
import { type Transport, transportOf } from '../net/protocol.ts';
import { ConnectionTable, NO_ENTRY } from './connection-table.ts';

/** Answers remembered in all, and those of them that one source is told. */
const MAX_ANSWERS = 65_536;
const MAX_OF_SOURCE = 64;

/** A port that sent an answer. */
export interface SeenAnswer {
  /** Canonical address text. */
  readonly address: string;
  readonly transport: Transport;
  readonly port: number;
}

/** Which ports answered whom in a capture, the first of them. Bounded. */
export class SeenAnswers {
  /** Pairs of an answering port and an address. */
  readonly #pairs: ConnectionTable;
  readonly #answers = new Map<string, SeenAnswer[]>();
  #isFull = false;

  /** `salt` randomizes a hash; the results do not depend on it. */
  constructor(salt: number) {
    this.#pairs = new ConnectionTable(MAX_ANSWERS, salt);
  }

  /** Notes a packet that comes from a port that listens. */
  note({ source, sourcePort, destination, protocol, time }: Packet): void {
    // The protocol stands in for the other port, so that ports of two protocols are two.
    const pair = { source, sourcePort, destination, destinationPort: protocol, time };
    if (this.#isFull || this.#pairs.find(pair) !== NO_ENTRY) return;
    if (this.#pairs.size === MAX_ANSWERS) {
      this.#isFull = true;
      return;
    }
    this.#pairs.add(pair);
    const key = destination.toString();
    const answers = this.#answers.get(key) ?? [];
    this.#answers.set(key, answers);
    if (answers.length === MAX_OF_SOURCE) return;
    answers.push({ address: source.toString(), transport: transportOf(protocol), port: sourcePort });
  }

  /** What answered the address, 64 ports at most; null when there were too many answers to know. */
  to(address: Address): readonly SeenAnswer[] | null {
    return this.#answers.get(address.toString()) ?? (this.#isFull ? null : []);
  }
}
