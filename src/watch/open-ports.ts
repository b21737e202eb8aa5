import { PORT_COUNT } from '../config/ports.ts';
import type { Address } from '../net/address.ts';
import { EndpointSet } from '../net/endpoint-set.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import type { InUse } from './in-use.ts';

/** Half a million endpoints are 20 MiB: a file of forged senders must not cost more. */
const MAX_OPEN_ENDPOINTS = 524_288;

/**
 * The ports in use of a capture file: named on the command line, or inferred by a first pass over the file.
 * They are in use for the whole of the file.
 */
export class OpenPorts implements InUse {
  readonly #endpoints: EndpointSet;
  /** Per protocol and port: 0 in use nowhere, 1 at some address, 2 at every address. Spares most look-ups. */
  readonly #tcp = new Uint8Array(PORT_COUNT);
  readonly #udp = new Uint8Array(PORT_COUNT);
  /** SCTP's ports, and the numbers of protocols that stand in for ports, together. */
  readonly #others = new Uint8Array(PORT_COUNT);

  /** `salt` randomizes a hash; what is in use does not depend on it. */
  constructor(salt: number) {
    this.#endpoints = new EndpointSet(MAX_OPEN_ENDPOINTS, salt);
  }

  /** In use at one address of ours. */
  add(protocol: number, address: Address, port: number): void {
    const ports = this.#portsOf(protocol);
    if (ports[port] === 2) return;
    if (this.#endpoints.add(protocol, address, port)) ports[port] = 1;
  }

  /** A TCP or UDP port is in use at every address. */
  addEverywhere(protocol: number, port: number): void {
    this.#portsOf(protocol)[port] = 2;
  }

  has(protocol: number, address: Address, port: number): boolean {
    const known = this.#portsOf(protocol)[port];
    if (known === 0) return false;
    return known === 2 || this.#endpoints.has(protocol, address, port);
  }

  #portsOf(protocol: number): Uint8Array {
    if (protocol === PROTOCOL_TCP) return this.#tcp;
    return protocol === PROTOCOL_UDP ? this.#udp : this.#others;
  }
}
