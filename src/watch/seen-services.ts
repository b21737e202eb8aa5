import type { Address } from '../net/address.ts';
import { EndpointSet } from '../net/endpoint-set.ts';
import { PROTOCOL_TCP } from '../net/protocol.ts';

/** Services remembered. */
const MAX_SERVICES = 65_536;

/** Senders of data that wait for a second peer; the one that has waited longest leaves first. */
const MAX_SENDERS = 65_536;

/**
 * The TCP ports that send data which two peers or more acknowledge: services, also where their handshakes are not in
 * the capture. One sender cannot make itself a service, because two others have to answer it.
 */
export class SeenServices {
  readonly #services: EndpointSet;
  /** The first peer of each sender of data. */
  readonly #peers = new Map<string, string>();
  readonly #onService: (address: Address, port: number) => void;

  /** `onService` receives each endpoint that turns out to be a service's. */
  constructor(salt: number, onService: (address: Address, port: number) => void) {
    this.#services = new EndpointSet(MAX_SERVICES, salt);
    this.#onService = onService;
  }

  has(address: Address, port: number): boolean {
    return this.#services.size > 0 && this.#services.has(PROTOCOL_TCP, address, port);
  }

  /** Notes that `peer` has acknowledged data of the endpoint. Call it once for each connection. */
  noteAcknowledged(address: Address, port: number, peer: Address): void {
    if (this.has(address, port)) return;
    const sender = `${address} ${port}`;
    const text = peer.toString();
    const first = this.#peers.get(sender);
    if (first === undefined) this.#add(sender, text);
    else if (first !== text) {
      this.#peers.delete(sender);
      if (this.#services.add(PROTOCOL_TCP, address, port)) this.#onService(address, port);
    }
  }

  #add(sender: string, peer: string): void {
    const oldest = this.#peers.keys().next().value;
    if (this.#peers.size >= MAX_SENDERS && oldest !== undefined) this.#peers.delete(oldest);
    this.#peers.set(sender, peer);
  }
}
