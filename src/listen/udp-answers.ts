import type { Socket } from 'node:dgram';
import type { PortSet } from '../config/ports.ts';
import type { Visit } from './visit.ts';

/** Answers a second: who forges the source of datagrams can send no more than these to somebody else. */
const MAX_ANSWERS = 100;

const SECOND = 1_000;

/** Below are services, some of which answer whatever comes (echo 7, qotd 17, chargen 19): an answer would go on for ever. */
const FIRST_CLIENT_PORT = 1_024;

export interface UdpAnswersParts {
  readonly banner: () => Uint8Array;
  /** UDP_BANNER_AMPLIFY: more octets may go back than came. */
  readonly amplifies: () => boolean;
  /** The ports that are listened on: another portsentry with the same list answers from them. */
  readonly ports: () => PortSet;
  readonly isOwn: (address: Visit['source']) => boolean;
  /** In ms. */
  readonly now: () => number;
}

/**
 * Answers datagrams with the banner. A source is whatever its sender wrote: so what goes back is no more than what
 * came, seldom, and never to where it could set off an answer to the answer.
 */
export class UdpAnswers {
  readonly #parts: UdpAnswersParts;
  #second = 0;
  #sent = 0;

  constructor(parts: UdpAnswersParts) {
    this.#parts = parts;
  }

  /** Answers a datagram of `length` octets from `address` (with its zone), or does not. */
  answer(socket: Socket, length: number, address: string, visit: Visit): void {
    const octets = this.octetsFor(length, visit);
    if (octets.length > 0) socket.send(octets, visit.sourcePort, address, () => {});
  }

  /** What goes back; empty for nothing. Counts it. */
  octetsFor(length: number, { source, sourcePort }: Visit): Uint8Array {
    const { banner, amplifies, ports, isOwn } = this.#parts;
    const octets = amplifies() ? banner() : banner().subarray(0, length);
    const loops = sourcePort < FIRST_CLIENT_PORT || ports().has(sourcePort) || isOwn(source);
    return octets.length === 0 || loops || !this.#allows() ? new Uint8Array(0) : octets;
  }

  #allows(): boolean {
    const second = Math.floor(this.#parts.now() / SECOND);
    if (second !== this.#second) this.#sent = 0;
    this.#second = second;
    return this.#sent++ < MAX_ANSWERS;
  }
}
