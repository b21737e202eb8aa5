import type { Probe } from '../classify/probe.ts';
import type { PortSet } from '../config/ports.ts';
import type { Address } from '../net/address.ts';
import { type Prefix, PrefixTable } from '../net/prefix.ts';
import { type Transport, transportOf } from '../net/protocol.ts';

/** Which probes are judged; null for all. Times are ms since the epoch. */
export interface NarrowParts {
  readonly since: number | null;
  readonly until: number | null;
  readonly sources: readonly Prefix[] | null;
  /** Ports of TCP and of UDP. */
  readonly ports: { readonly tcp: PortSet; readonly udp: PortSet } | null;
}

/** Narrows a replay to some probes. The others still show which ports are in use. */
export class Narrow {
  readonly #since: number;
  readonly #until: number;
  readonly #sources: PrefixTable<true> | null;
  readonly #ports: NarrowParts['ports'];

  constructor({ since, until, sources, ports }: NarrowParts) {
    this.#since = since ?? Number.NEGATIVE_INFINITY;
    this.#until = until ?? Number.POSITIVE_INFINITY;
    this.#ports = ports;
    this.#sources = sources === null ? null : new PrefixTable<true>();
    for (const prefix of sources ?? []) this.#sources?.set(prefix, true);
  }

  /** Whether the time lies in the span: `since` itself does, `until` does not. */
  spans(time: number): boolean {
    return time >= this.#since && time < this.#until;
  }

  /** Whether the address is one of the sources. */
  names(address: Address): boolean {
    return this.#sources === null || this.#sources.match(address) !== undefined;
  }

  /** Whether the probe is judged. */
  takes({ time, source, protocol, destinationPort }: Probe): boolean {
    return this.spans(time) && this.names(source) && this.hasPort(transportOf(protocol), destinationPort);
  }

  /** Whether the port is one of those that are judged. */
  hasPort(transport: Transport, port: number): boolean {
    if (this.#ports === null) return true;
    if (transport === 'tcp') return this.#ports.tcp.has(port);
    return transport === 'udp' && this.#ports.udp.has(port);
  }
}
