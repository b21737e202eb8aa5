import { PORT_COUNT } from '../config/ports.ts';
import type { Address } from '../net/address.ts';
import { EndpointSet } from '../net/endpoint-set.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import type { InUse } from './in-use.ts';

/** Half a million endpoints are 20 MiB: a file of forged senders must not cost more. */
const MAX_OPEN_ENDPOINTS = 524_288;

// Of a port: in use at some address, at every address; somebody was told that at some address it is not.
const SOMEWHERE = 1;
const EVERYWHERE = 2;
const DENIED = 4;

/**
 * The ports in use of a capture file: named on the command line, or inferred by a first pass over the file.
 * They are in use for the whole of the file.
 */
export class OpenPorts implements InUse {
  readonly #endpoints: EndpointSet;
  /** Per protocol and port: where it is in use, and what was said of it. Spares most look-ups. */
  readonly #tcp = new Uint8Array(PORT_COUNT);
  readonly #udp = new Uint8Array(PORT_COUNT);
  /** SCTP's ports, and the numbers of protocols that stand in for ports, together. */
  readonly #others = new Uint8Array(PORT_COUNT);
  #keepsDenials = false;
  #wasWrong = false;

  /** `salt` randomizes a hash; what is in use does not depend on it. */
  constructor(salt: number) {
    this.#endpoints = new EndpointSet(MAX_OPEN_ENDPOINTS, salt);
  }

  /** In use at one address of ours. */
  add(protocol: number, address: Address, port: number): void {
    const ports = this.#portsOf(protocol);
    const known = ports[port] as number;
    if ((known & EVERYWHERE) !== 0) return;
    if ((known & DENIED) !== 0 && !this.#endpoints.has(protocol, address, port)) this.#wasWrong = true;
    if (this.#endpoints.add(protocol, address, port)) ports[port] = known | SOMEWHERE;
  }

  /** A TCP or UDP port is in use at every address. */
  addEverywhere(protocol: number, port: number): void {
    this.#portsOf(protocol)[port] = EVERYWHERE;
  }

  /** From now on it is remembered of which ports `has` says that they are not in use. */
  keepDenials(): void {
    this.#keepsDenials = true;
  }

  /** Whether a port was added later that `has` had denied; at another address maybe, for those are not remembered. */
  get wasWrong(): boolean {
    return this.#wasWrong;
  }

  has(protocol: number, address: Address, port: number): boolean {
    const ports = this.#portsOf(protocol);
    const known = ports[port] as number;
    if ((known & EVERYWHERE) !== 0) return true;
    if ((known & SOMEWHERE) !== 0 && this.#endpoints.has(protocol, address, port)) return true;
    if (this.#keepsDenials) ports[port] = known | DENIED;
    return false;
  }

  #portsOf(protocol: number): Uint8Array {
    if (protocol === PROTOCOL_TCP) return this.#tcp;
    return protocol === PROTOCOL_UDP ? this.#udp : this.#others;
  }
}
