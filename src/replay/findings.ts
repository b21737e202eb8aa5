import type { Probe } from '../classify/probe.ts';
import { PORT_COUNT } from '../config/ports.ts';
import { Address } from '../net/address.ts';
import { compareTransports, type Transport, transportOf } from '../net/protocol.ts';
import type { ProbeEvent, ScanEvent } from '../track/event.ts';
import type { Reported } from '../track/reported.ts';
import { TopSources } from './top-sources.ts';

/** Different addresses that are counted: a capture of a flood of forged sources must not fill the memory. */
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

/** Different addresses, MAX_ADDRESSES at most. */
class AddressCount {
  readonly #seen = new Set<string>();
  #last = '';
  isMore = false;

  get size(): number {
    return this.#seen.size;
  }

  add(address: string): void {
    if (address === this.#last) return;
    this.#last = address;
    if (this.#seen.size < MAX_ADDRESSES) this.#seen.add(address);
    else this.isMore ||= !this.#seen.has(address);
  }
}

/** Sums up the probes and the scans of a replay. */
export class Findings {
  readonly sources = new AddressCount();
  readonly targets = new AddressCount();
  readonly topSources = new TopSources();
  /** Scans of a single probe. */
  singles = 0;
  readonly #ports = new Map<Transport, Uint32Array>();
  readonly #plot: ProbePlot | null;
  /** The target of the last probe without an event. */
  readonly #target = new Address();
  #hasTarget = false;

  /** `plot` also gets the probes; null for none. */
  constructor(plot: ProbePlot | null) {
    this.#plot = plot;
  }

  /** Counts a probe; `reported` is that of its source. */
  probe(
    { time, family, source, destination, transport, destinationPort }: ProbeEvent,
    reported: Reported,
  ): void {
    // To look up the text of an address takes longer than all else. The source of IPv6 may be a network.
    if (!reported.isSummed || family === 6) this.sources.add(source);
    reported.isSummed = true;
    this.targets.add(destination);
    this.#countPort(transport, destinationPort, time);
  }

  /** Counts a probe of which there is no event. */
  sum({ time, source, destination, protocol, destinationPort }: Probe, reported: Reported): void {
    if (!reported.isSummed || !source.isV4) this.sources.add(source.toString());
    reported.isSummed = true;
    if (!this.#hasTarget || !destination.equals(this.#target)) {
      this.#hasTarget = true;
      this.#target.set(destination);
      this.targets.add(destination.toString());
    }
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
