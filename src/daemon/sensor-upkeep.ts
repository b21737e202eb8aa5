import type { Address } from '../net/address.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import type { SensorTable } from '../sensor/kernel/sensor-table.ts';
import { forwardsPackets, inwardBridges } from '../watch/forwarding.ts';
import type { BoundSocket } from '../watch/proc-net.ts';
import type { SocketTable } from '../watch/sockets.ts';
import { type Holds, isLinkLocal, linkNetworkOf } from './holds.ts';
import type { ServiceMemory } from './service-memory.ts';

/** What the sets of the sensor's table are filled from. */
export interface SensorUpkeepParts {
  readonly table: Pick<SensorTable, 'setElements'>;
  readonly holds: Holds;
  readonly sockets: SocketTable;
  readonly serviceMemory: ServiceMemory;
  /** Addresses and prefixes that are never blocked, as text. */
  readonly spared: () => readonly string[];
  readonly ownAddresses: () => readonly Address[];
  /** Looks up the sessions of administrators: a held session stalls, so a new one must be spared soon. */
  readonly lookUpSessions: () => void;
}

/** Keeps the sets of the sensor's table as this host is now: listening ports, known services, spared prefixes, links. */
export class SensorUpkeep {
  readonly #parts: SensorUpkeepParts;
  #forwards = false;
  #connections = '';

  constructor(parts: SensorUpkeepParts) {
    this.#parts = parts;
  }

  /** Whether this host forwards packets of others, by the last look. */
  get forwards(): boolean {
    return this.#forwards;
  }

  /** Looks at this host, and brings every set up to date. Must be called every second. */
  async tick(): Promise<void> {
    const { table, sockets, serviceMemory } = this.#parts;
    this.#forwards = forwardsPackets();
    const { connections } = sockets;
    if (connections !== this.#connections) this.#parts.lookUpSessions();
    this.#connections = connections;
    const spared = this.#parts.spared();
    const links = this.#links();
    this.#parts.holds.setLinks(links);
    await Promise.all([
      table.setElements('used_tcp', portsOf(sockets.bound(PROTOCOL_TCP))),
      table.setElements('used_sctp', portsOf(sockets.sctpEndpoints)),
      table.setElements('known_tcp', knownPorts(serviceMemory, PROTOCOL_TCP)),
      table.setElements('known_udp', knownPorts(serviceMemory, PROTOCOL_UDP)),
      table.setElements(
        'spare4',
        spared.filter((text) => !text.includes(':')),
      ),
      table.setElements(
        'spare6',
        spared.filter((text) => text.includes(':')),
      ),
      table.setElements('link6_64', links),
      table.setElements(
        'quiet',
        inwardBridges().map((name) => `"${name}"`),
      ),
    ]);
  }

  #links(): string[] {
    const addresses = this.#parts.ownAddresses().filter((address) => !address.isV4 && !isLinkLocal(address));
    return [...new Set(addresses.map(linkNetworkOf))];
  }
}

function portsOf(sockets: readonly BoundSocket[]): string[] {
  return [...new Set(sockets.map(({ port }) => `${port}`))];
}

function knownPorts({ services }: ServiceMemory, protocol: number): string[] {
  return services.filter((service) => service.protocol === protocol).map(({ port }) => `${port}`);
}
