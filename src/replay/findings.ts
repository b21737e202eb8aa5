import type { Probe } from '../classify/probe.ts';
import { PORT_COUNT } from '../config/ports.ts';
import { type Address, parseAddress } from '../net/address.ts';
import { EndpointSet } from '../net/endpoint-set.ts';
import { compareTransports, type Transport, transportOf } from '../net/protocol.ts';
import type { ProbeEvent, ScanEvent } from '../track/event.ts';
import type { Reported } from '../track/reported.ts';
import { TopSources } from './top-sources.ts';

/** Different addresses of each family that are counted: a capture of a flood of forged sources must not fill the memory. */
const MAX_ADDRESSES = 65_536;

/** What draws the ports of probes by time. */
export interface ProbePlot {
  /** Adds a probe; `time` in ms since the epoch. */
  add(time: number, port: number): void;
}

/** A port and its probes. */
export interface ProbedPort {
  readonly transport: Transport;
  /** For `icmp` the message type, for `ip` the protocol number. */
  readonly port: number;
  readonly probes: number;
}

/** Different addresses, MAX_ADDRESSES of each family at most. */
class AddressCount {
  readonly #v4: EndpointSet;
  readonly #v6: EndpointSet;
  isMore = false;

  constructor(salt: number) {
    this.#v4 = new EndpointSet(MAX_ADDRESSES, salt, 'IPv4');
    this.#v6 = new EndpointSet(MAX_ADDRESSES, salt);
  }

  get size(): number {
    return this.#v4.size + this.#v6.size;
  }

  add(address: Address): void {
    if (!(address.isV4 ? this.#v4 : this.#v6).add(0, address, 0)) this.isMore = true;
  }
}

/** Sums up the probes and the scans of a replay. */
export class Findings {
  readonly sources: AddressCount;
  readonly targets: AddressCount;
  readonly topSources = new TopSources();
  /** Scans of a single probe. */
  singles = 0;
  readonly #ports = new Map<Transport, Uint32Array>();
  readonly #plot: ProbePlot | null;
  /** The target of the last event. */
  #target = '';

  /** `plot` also gets the probes; null for none. `salt` randomizes hashes; the results do not depend on it. */
  constructor(plot: ProbePlot | null, salt: number) {
    this.#plot = plot;
    this.sources = new AddressCount(salt);
    this.targets = new AddressCount(salt);
  }

  /** Counts a probe; `reported` is that of its source. */
  probe(
    { time, family, source, destination, transport, destinationPort }: ProbeEvent,
    reported: Reported,
  ): void {
    // To read the text of an address takes longer than all else. The source of IPv6 may be a network.
    if (!reported.isSummed || family === 6) this.sources.add(parseAddress(source) as Address);
    reported.isSummed = true;
    if (destination !== this.#target) {
      this.#target = destination;
      this.targets.add(parseAddress(destination) as Address);
    }
    this.#countPort(transport, destinationPort, time);
  }

  /** Counts a probe of which there is no event. */
  sum({ time, source, destination, protocol, destinationPort }: Probe, reported: Reported): void {
    if (!reported.isSummed || !source.isV4) this.sources.add(source);
    reported.isSummed = true;
    this.targets.add(destination);
    this.#countPort(transportOf(protocol), destinationPort, time);
  }

  /** Whether it asks for a scan of this many probes. In a flood of forged sources most are only counted. */
  wantsScan(probes: number): boolean {
    if (probes > 1 || this.topSources.hasRoom) return true;
    this.singles++;
    return false;
  }

  /** Takes in the sum of a scan. */
  scan(event: ScanEvent): void {
    if (event.probes === 1 && event.sources === 1) this.singles++;
    this.topSources.add(event);
  }

  /** The ports with the most probes, `most` of them at most. */
  topPorts(most: number): ProbedPort[] {
    const all: ProbedPort[] = [];
    for (const [transport, ports] of this.#ports) {
      for (const [port, probes] of ports.entries()) if (probes > 0) all.push({ transport, port, probes });
    }
    return all
      .sort((a, b) => b.probes - a.probes || compareTransports(a.transport, b.transport) || a.port - b.port)
      .slice(0, most);
  }

  #countPort(transport: Transport, port: number, time: number): void {
    if (transport === 'arp') return;
    const ports = this.#portsOf(transport);
    ports[port] = (ports[port] as number) + 1;
    if (transport === 'tcp' || transport === 'udp') this.#plot?.add(time, port);
  }

  #portsOf(transport: Transport): Uint32Array {
    let ports = this.#ports.get(transport);
    if (ports === undefined) {
      ports = new Uint32Array(PORT_COUNT);
      this.#ports.set(transport, ports);
    }
    return ports;
  }
}
