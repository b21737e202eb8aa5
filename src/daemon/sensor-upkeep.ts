import type { Address } from '../net/address.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import type { SensorTable } from '../sensor/kernel/sensor-table.ts';
import { forwardsPackets, inwardBridges } from '../watch/forwarding.ts';
import type { KnownServices, Listener } from '../watch/known-services.ts';
import type { BoundSocket } from '../watch/proc-net.ts';
import type { SocketTable } from '../watch/sockets.ts';
import { type Holds, isLinkLocal, linkNetworkOf } from './holds.ts';

/** What the sets of the sensor's table are filled from. */
export interface SensorUpkeepParts {
  readonly table: Pick<SensorTable, 'setElements'>;
  readonly holds: Holds;
  readonly sockets: SocketTable;
  readonly knownServices: KnownServices;
  /** KNOWN_SERVICES. */
  readonly keepsKnownServices: () => boolean;
  /** Addresses and prefixes that are never blocked, as text. */
  readonly spared: () => readonly string[];
  readonly ownAddresses: () => readonly Address[];
}

/** Keeps the sets of the sensor's table as this host is now: listening ports, known services, spared prefixes, links. */
export class SensorUpkeep {
  readonly #parts: SensorUpkeepParts;
  #forwards = false;

  constructor(parts: SensorUpkeepParts) {
    this.#parts = parts;
  }

  /** Whether this host forwards packets of others, by the last look. */
  get forwards(): boolean {
    return this.#forwards;
  }

  /** Looks at this host, and brings every set up to date. Must be called every second; `now` in ms since the epoch. */
  async tick(now: number): Promise<void> {
    const { table, sockets, knownServices } = this.#parts;
    this.#forwards = forwardsPackets();
    this.#noteServices(now);
    const spared = this.#parts.spared();
    const links = this.#links();
    this.#parts.holds.setLinks(links);
    await Promise.all([
      table.setElements('used_tcp', portsOf(sockets.bound(PROTOCOL_TCP))),
      table.setElements('used_sctp', portsOf(sockets.sctpEndpoints)),
      table.setElements('known_tcp', knownPorts(knownServices, PROTOCOL_TCP)),
      table.setElements('known_udp', knownPorts(knownServices, PROTOCOL_UDP)),
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

  #noteServices(now: number): void {
    const { sockets, knownServices } = this.#parts;
    if (!this.#parts.keepsKnownServices()) {
      knownServices.clear();
      return;
    }
    const listeners = (protocol: number) => sockets.bound(protocol).filter(isListener);
    knownServices.update({ tcp: listeners(PROTOCOL_TCP), udp: listeners(PROTOCOL_UDP) }, now);
  }

  #links(): string[] {
    const addresses = this.#parts.ownAddresses().filter((address) => !address.isV4 && !isLinkLocal(address));
    return [...new Set(addresses.map(linkNetworkOf))];
  }
}

function isListener(socket: BoundSocket): socket is BoundSocket & Listener {
  return socket.uid !== undefined;
}

function portsOf(sockets: readonly BoundSocket[]): string[] {
  return [...new Set(sockets.map(({ port }) => `${port}`))];
}

function knownPorts(services: KnownServices, protocol: number): string[] {
  return services.services.filter((service) => service.protocol === protocol).map(({ port }) => `${port}`);
}
