import type { FamilyPlan, FilterPlan } from '../capture/filter.ts';
import type { PortSet } from '../config/ports.ts';
import type { Address } from '../net/address.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import type { SocketTable } from './sockets.ts';
import { SteadyPorts } from './steady-ports.ts';
import type { WatchedPorts } from './watched-ports.ts';

/** The ports whose packets are looked at. */
export type ViewedPorts = Pick<WatchedPorts, 'tcp' | 'udp'>;

/** Decides what the kernel filter passes: the watched ports without those that services use for good. */
export class FilterPlanner {
  readonly #isOurs: (port: number) => boolean;
  readonly #tcp4 = new SteadyPorts();
  readonly #tcp6 = new SteadyPorts();
  readonly #udp4 = new SteadyPorts();
  readonly #udp6 = new SteadyPorts();

  /** `isOurs`: whether a TCP port is listened on by us, which is no service. */
  constructor(isOurs: (port: number) => boolean = () => false) {
    this.#isOurs = isOurs;
  }

  /** Takes the sockets as they are now (ms); true when a new filter would differ. */
  update(sockets: SocketTable, addresses: readonly Address[], now: number, atOnce = false): boolean {
    const [v4, v6] = byFamily(addresses);
    const tcp = sockets.bound(PROTOCOL_TCP).filter(({ port }) => !this.#isOurs(port));
    const udp = sockets.bound(PROTOCOL_UDP);
    const changes = [
      this.#tcp4.update(tcp, v4, now, atOnce),
      this.#tcp6.update(tcp, v6, now, atOnce),
      this.#udp4.update(udp, v4, now, atOnce),
      this.#udp6.update(udp, v6, now, atOnce),
    ];
    return changes.includes(true);
  }

  plan(watched: ViewedPorts, addresses: readonly Address[]): FilterPlan {
    const [v4, v6] = byFamily(addresses);
    return {
      v4: familyPlan(v4, watched, this.#tcp4.ports, this.#udp4.ports),
      v6: familyPlan(v6, watched, this.#tcp6.ports, this.#udp6.ports),
    };
  }
}

function byFamily(addresses: readonly Address[]): [Address[], Address[]] {
  return [addresses.filter((address) => address.isV4), addresses.filter((address) => !address.isV4)];
}

function familyPlan(addresses: Address[], watched: ViewedPorts, tcp: PortSet, udp: PortSet): FamilyPlan {
  return {
    addresses,
    tcp: { pass: watched.tcp.without(tcp), keepOut: tcp },
    udp: { pass: watched.udp.without(udp), keepOut: udp },
  };
}
