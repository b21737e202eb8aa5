import { PORT_COUNT } from '../config/ports.ts';
import type { Address } from '../net/address.ts';
import { EndpointSet } from '../net/endpoint-set.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import type { InUse } from './in-use.ts';

/** Endpoints of each family, 8 and 5 MiB. This bounds the cost of a file full of forged senders. */
const MAX_V4_ENDPOINTS = 524_288;
const MAX_V6_ENDPOINTS = 131_072;

// Bits for a port: in use at some address; in use at every address; `has` denied it for some address.
const SOMEWHERE = 1;
const EVERYWHERE = 2;
const DENIED = 4;

/**
 * The ports in use in a capture file, named on the command line or inferred by a first pass over the file. They are
 * in use for the whole file.
 */
export class OpenPorts implements InUse {
  readonly #v4: EndpointSet;
  readonly #v6: EndpointSet;
  /** The bits of each port, by protocol. They avoid most look-ups of endpoints. */
  readonly #tcp = new Uint8Array(PORT_COUNT);
  readonly #udp = new Uint8Array(PORT_COUNT);
  /** SCTP's ports together with the protocol numbers that stand in for ports. */
  readonly #others = new Uint8Array(PORT_COUNT);
  #keepsDenials = false;
  #wasWrong = false;

  /** `salt` randomizes a hash; the results do not depend on it. */
  constructor(salt: number) {
    this.#v4 = new EndpointSet(MAX_V4_ENDPOINTS, salt, 'IPv4');
    this.#v6 = new EndpointSet(MAX_V6_ENDPOINTS, salt);
  }

  /** Marks a port as in use at one address. */
  add(protocol: number, address: Address, port: number): void {
    const ports = this.#portsOf(protocol);
    const known = ports[port] as number;
    if ((known & EVERYWHERE) !== 0) return;
    if ((known & DENIED) !== 0 && !this.#endpoints(address).has(protocol, address, port))
      this.#wasWrong = true;
    if (this.#endpoints(address).add(protocol, address, port)) ports[port] = known | SOMEWHERE;
  }

  /** Marks a TCP or UDP port as in use at every address. */
  addEverywhere(protocol: number, port: number): void {
    this.#portsOf(protocol)[port] = EVERYWHERE;
  }

  /** From now on remembers the ports for which `has` returns false. */
  keepDenials(): void {
    this.#keepsDenials = true;
  }

  /** Whether `has` denied a port that was added later, perhaps at another address: addresses are not remembered. */
  get wasWrong(): boolean {
    return this.#wasWrong;
  }

  has(protocol: number, address: Address, port: number): boolean {
    if (this.holds(protocol, address, port)) return true;
    if (this.#keepsDenials) {
      const ports = this.#portsOf(protocol);
      ports[port] = (ports[port] as number) | DENIED;
    }
    return false;
  }

  /** The same as `has`, and no denial is remembered. */
  holds(protocol: number, address: Address, port: number): boolean {
    const known = this.#portsOf(protocol)[port] as number;
    if ((known & EVERYWHERE) !== 0) return true;
    return (known & SOMEWHERE) !== 0 && this.#endpoints(address).has(protocol, address, port);
  }

  #endpoints(address: Address): EndpointSet {
    return address.isV4 ? this.#v4 : this.#v6;
  }

  #portsOf(protocol: number): Uint8Array {
    if (protocol === PROTOCOL_TCP) return this.#tcp;
    return protocol === PROTOCOL_UDP ? this.#udp : this.#others;
  }
}
