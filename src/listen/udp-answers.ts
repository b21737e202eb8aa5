import type { Socket } from 'node:dgram';
import type { PortSet } from '../config/ports.ts';
import type { Contact } from './contact.ts';

/** A source that forges its address can direct no more answers than these at a victim. */
const MAX_ANSWERS_PER_SECOND = 100;

const SECOND_MS = 1_000;

/** Below this port, some services answer any datagram (echo 7, qotd 17, chargen 19), which would loop for ever. */
const FIRST_CLIENT_PORT = 1_024;

/** What the answers depend on. */
export interface UdpAnswersParts {
  readonly banner: () => Uint8Array;
  /** UDP_BANNER_AMPLIFY: an answer may be longer than the datagram. */
  readonly amplifies: () => boolean;
  /** The ports that have a listener. Another portsentry with the same list answers from them. */
  readonly ports: () => PortSet;
  readonly isOwn: (address: Contact['source']) => boolean;
  /** The daemon's clock, in ms. */
  readonly now: () => number;
}

/**
 * Answers datagrams with the banner. The source of a datagram may be forged, so an answer is no longer than the datagram,
 * answers are rare, and none goes to a port that could answer it.
 */
export class UdpAnswers {
  readonly #parts: UdpAnswersParts;
  #second = 0;
  #sent = 0;

  constructor(parts: UdpAnswersParts) {
    this.#parts = parts;
  }

  /** Answers a datagram of `length` octets from `address` (with its zone), if an answer is safe. */
  answer(socket: Socket, length: number, address: string, contact: Contact): void {
    const octets = this.octetsFor(length, contact);
    if (octets.length > 0) socket.send(octets, contact.sourcePort, address, () => {});
  }

  /** The answer, which is counted; empty for none. */
  octetsFor(length: number, { source, sourcePort }: Contact): Uint8Array {
    const { banner, amplifies, ports, isOwn } = this.#parts;
    const octets = amplifies() ? banner() : banner().subarray(0, length);
    const loops = sourcePort < FIRST_CLIENT_PORT || ports().has(sourcePort) || isOwn(source);
    return octets.length === 0 || loops || !this.#allows() ? new Uint8Array(0) : octets;
  }

  #allows(): boolean {
    const second = Math.floor(this.#parts.now() / SECOND_MS);
    if (second !== this.#second) this.#sent = 0;
    this.#second = second;
    return this.#sent++ < MAX_ANSWERS_PER_SECOND;
  }
}
