import type { Address } from '../net/address.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import type { SensorTable } from '../sensor/kernel/sensor-table.ts';
import { forwardsPackets, inwardBridges } from '../watch/forwarding.ts';
import type { KnownService } from '../watch/known-services.ts';
import type { BoundSocket } from '../watch/proc-net.ts';
import type { SocketTable } from '../watch/sockets.ts';
import { isLinkLocal, linkNetworkOf } from './hold-places.ts';
import type { Holds } from './holds.ts';
import type { ServiceMemory } from './service-memory.ts';

/** Blocks by KILL_ROUTE whose presence is looked at. */
const MAX_DOUBTED = 16_384;

/** What the sets of the sensor's table are filled from. */
export interface SensorUpkeepParts {
  readonly table: Pick<SensorTable, 'setElements'>;
  readonly holds: Holds;
  readonly sockets: SocketTable;
  readonly serviceMemory: ServiceMemory;
  /** Addresses and prefixes that are never blocked, as text. */
  readonly spared: () => readonly string[];
  /** The targets of blocks by KILL_ROUTE, as text. */
  readonly doubted: () => Iterable<string>;
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
    const doubted = [...this.#parts.doubted()].slice(0, MAX_DOUBTED);
    const links = this.#links();
    const { services } = serviceMemory;
    this.#parts.holds.setLinks(links);
    await Promise.all([
      table.setElements('used_tcp', portsOf(sockets.bound(PROTOCOL_TCP))),
      table.setElements('used_sctp', portsOf(sockets.sctpEndpoints)),
      table.setElements('known_tcp', knownPorts(services, PROTOCOL_TCP)),
      table.setElements('known_udp', knownPorts(services, PROTOCOL_UDP)),
      table.setElements('known_at4', knownEndpoints(services, 4)),
      table.setElements('known_at6', knownEndpoints(services, 6)),
      table.setElements('spare4', ofFamily(spared, 4)),
      table.setElements('spare6', ofFamily(spared, 6)),
      table.setElements('doubted4', ofFamily(doubted, 4)),
      table.setElements('doubted6', ofFamily(doubted, 6)),
      // A segment of no connection may belong to one of another host then, so it does not hold its source.
      table.setElements('forwards', this.#forwards ? ['tcp'] : []),
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

function ofFamily(prefixes: readonly string[], family: 4 | 6): string[] {
  return prefixes.filter((text) => text.includes(':') === (family === 6));
}

function portsOf(sockets: readonly BoundSocket[]): string[] {
  return [...new Set(sockets.map(({ port }) => `${port}`))];
}

function knownPorts(services: readonly KnownService[], protocol: number): string[] {
  return services
    .filter((service) => service.protocol === protocol && service.address === null)
    .map(({ port }) => `${port}`);
}

/** Services at one address, as `ADDRESS . PROTOCOL . PORT`. */
function knownEndpoints(services: readonly KnownService[], family: 4 | 6): string[] {
  return services.flatMap(({ protocol, address, port }) => {
    if (address === null || address.includes(':') !== (family === 6)) return [];
    return [`${address} . ${protocol === PROTOCOL_TCP ? 'tcp' : 'udp'} . ${port}`];
  });
}
