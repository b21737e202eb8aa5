import { PORT_COUNT } from '../config/ports.ts';
import type { Address } from '../net/address.ts';
import type { BoundSocket } from './proc-net.ts';

/** Endpoints remembered; on a host that binds more within the memory the longest unseen are forgotten. */
const MAX_ENDPOINTS = 65_536;

/** What a new typed array holds: filled with anything else it would be memory in use. */
const NEVER = 0;

/** When each port of one protocol was last held by a socket: at all addresses, or at one. Times in ms. */
export class PortTimes {
  readonly #memory: number;
  readonly #everywhereV4 = new Float64Array(PORT_COUNT);
  readonly #everywhereV6 = new Float64Array(PORT_COUNT);
  /** By address and port, the longest unseen first. */
  readonly #endpoints = new Map<string, number>();
  /** Ports that were ever held at one address: spares most look-ups by text. */
  readonly #atSomeAddress = new Uint8Array(PORT_COUNT);

  /** `memory`: how long (ms) a port counts as held after it was seen so. */
  constructor(memory: number) {
    this.#memory = memory;
  }

  noteAll(sockets: readonly BoundSocket[], now: number): void {
    for (const socket of sockets) this.note(socket, now);
    for (const [key, time] of this.#endpoints) {
      if (now - time <= this.#memory && this.#endpoints.size <= MAX_ENDPOINTS) break;
      this.#endpoints.delete(key);
    }
  }

  note({ address, port }: BoundSocket, now: number): void {
    if (isUnspecified(address)) {
      // A socket on :: takes IPv4 too unless it was told not to, which /proc does not show.
      if (!address.isV4) this.#everywhereV6[port] = now;
      this.#everywhereV4[port] = now;
      return;
    }
    const key = keyOf(address, port);
    this.#atSomeAddress[port] = 1;
    this.#endpoints.delete(key);
    this.#endpoints.set(key, now);
  }

  has(address: Address, port: number, now: number): boolean {
    const everywhere = address.isV4 ? this.#everywhereV4 : this.#everywhereV6;
    if (this.#isRecent(everywhere[port] as number, now)) return true;
    if (this.#atSomeAddress[port] === 0) return false;
    return this.#isRecent(this.#endpoints.get(keyOf(address, port)) ?? NEVER, now);
  }

  #isRecent(time: number, now: number): boolean {
    return time !== NEVER && now - time <= this.#memory;
  }
}

/** 0.0.0.0 or ::. */
export function isUnspecified(address: Address): boolean {
  return address.w3 === 0 && address.w1 === 0 && address.w0 === 0 && (address.w2 === 0 || address.isV4);
}

function keyOf(address: Address, port: number): string {
  return `${address.w0}.${address.w1}.${address.w2}.${address.w3}.${port}`;
}
