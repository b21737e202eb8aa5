import { PORT_COUNT } from '../config/ports.ts';
import type { Address } from '../net/address.ts';
import type { BoundSocket } from './proc-net.ts';

/** Endpoints remembered. On a host that binds more within the memory, those seen longest ago are forgotten. */
const MAX_ENDPOINTS = 65_536;

/** The value in a new typed array: any other would have to be written, and so occupy memory. */
const NEVER = 0;

/** When a socket last held each port of one protocol, at all addresses or at one. Times are in ms since the epoch. */
export class PortTimes {
  readonly #memoryMs: number;
  readonly #everywhereV4 = new Float64Array(PORT_COUNT);
  readonly #everywhereV6 = new Float64Array(PORT_COUNT);
  /** By address and port, the one seen longest ago first. */
  readonly #endpoints = new Map<string, number>();
  /** Ports that were ever held at one address: avoids most look-ups by text. */
  readonly #atSomeAddress = new Uint8Array(PORT_COUNT);

  /** A port counts as held for `memoryMs` after it was last seen held. */
  constructor(memoryMs: number) {
    this.#memoryMs = memoryMs;
  }

  noteAll(sockets: readonly BoundSocket[], now: number): void {
    for (const socket of sockets) this.note(socket, now);
    for (const [key, time] of this.#endpoints) {
      if (now - time <= this.#memoryMs && this.#endpoints.size <= MAX_ENDPOINTS) break;
      this.#endpoints.delete(key);
    }
  }

  note({ address, port }: BoundSocket, now: number): void {
    if (isUnspecified(address)) {
      // A socket on :: takes IPv4 too unless it opted out, which /proc does not show.
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
    return time !== NEVER && now - time <= this.#memoryMs;
  }
}

/** Whether the address is 0.0.0.0 or ::. */
export function isUnspecified(address: Address): boolean {
  return address.w3 === 0 && address.w1 === 0 && address.w0 === 0 && (address.w2 === 0 || address.isV4);
}

function keyOf(address: Address, port: number): string {
  return `${address.w0}.${address.w1}.${address.w2}.${address.w3}.${port}`;
}
