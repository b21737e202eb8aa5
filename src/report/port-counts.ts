import { PORT_COUNT } from '../config/ports.ts';
import type { Transport } from '../net/protocol.ts';
import { countPorts, type ScannedRange } from '../track/ranges.ts';

/** A port and its probes, which are a fraction where they are spread over a scan's ports. */
export interface CountedPort {
  readonly transport: Transport;
  /** For `icmp` the message type, for `ip` the protocol number. */
  readonly port: number;
  readonly probes: number;
}

/** The probes of each port. */
export class PortCounts {
  /** For each transport the probes of a port less those of the port before it, so that a range costs two additions. */
  readonly #changes = new Map<Transport, Float64Array>();
  /** The same for how many times a port was named, by a probe or a range; whole numbers. */
  readonly #names = new Map<Transport, Float64Array>();

  /** Adds one probe. */
  add(transport: Transport, port: number): void {
    this.#change(transport, port, port, 1);
  }

  /** Adds `probes` that are spread evenly over the ports of the ranges. */
  addRanges(ranges: readonly ScannedRange[], probes: number): void {
    const ports = countPorts(ranges);
    for (const { transport, first, last } of ranges) this.#change(transport, first, last, probes / ports);
  }

  /** All ports that were named, those with the most probes first. */
  all(): CountedPort[] {
    const all: CountedPort[] = [];
    for (const [transport, changes] of this.#changes) {
      const names = this.#names.get(transport) as Float64Array;
      let probes = 0;
      let named = 0;
      for (let port = 0; port < PORT_COUNT; port++) {
        probes += changes[port] as number;
        named += names[port] as number;
        if (named > 0) all.push({ transport, port, probes });
      }
    }
    return all.sort((a, b) => b.probes - a.probes || (a.transport < b.transport ? -1 : 1) || a.port - b.port);
  }

  #change(transport: Transport, first: number, last: number, probes: number): void {
    for (const [arrays, amount] of [
      [this.#changes, probes],
      [this.#names, 1],
    ] as const) {
      let changes = arrays.get(transport);
      if (changes === undefined) {
        changes = new Float64Array(PORT_COUNT + 1);
        arrays.set(transport, changes);
      }
      changes[first] = (changes[first] as number) + amount;
      changes[last + 1] = (changes[last + 1] as number) - amount;
    }
  }
}
