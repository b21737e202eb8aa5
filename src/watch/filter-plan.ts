import type { FamilyPlan, FilterPlan } from '../capture/filter.ts';
import { IMPOSSIBLE_KINDS, Kind, kindMask } from '../classify/kind.ts';
import { PortSet } from '../config/ports.ts';
import { ICMP_ECHO, ICMP_MASK, ICMP_TIMESTAMP, ICMPV6_ECHO } from '../decode/transport/icmp.ts';
import { CHUNK_COOKIE_ECHO, CHUNK_INIT } from '../decode/transport/sctp.ts';
import { ACK, FIN } from '../decode/transport/tcp.ts';
import { Address } from '../net/address.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import { readEphemeralPorts } from './ephemeral-ports.ts';
import type { BoundSocket } from './proc-net.ts';
import type { SocketTable } from './sockets.ts';
import { SteadyPorts } from './steady-ports.ts';
import type { WatchedPorts } from './watched-ports.ts';

/** The ports that are watched, and a mask with bit `1 << Kind` for each kind of probe. */
export type ViewedPorts = Pick<WatchedPorts, 'tcp' | 'udp' | 'kinds' | 'capturesTcp'>;

/** Kinds that begin a connection, or pretend to. */
const INITIAL_KINDS = kindMask([Kind.null, Kind.fin, Kind.xmas, Kind.syn, Kind.odd]);

const NO_PORTS = new PortSet();
const ANYWHERE = Address.v4(0);

/**
 * The IP protocols with much traffic: ICMP for both families, IGMP, IP in IP, TCP, UDP, GRE, ESP, AH, OSPF, EtherIP,
 * PIM, VRRP, L2TP, SCTP, MPLS, and IPv6's "no next header". User space can sort out the few packets of the others:
 * the filter compiler has its limits.
 */
const BUSY_PROTOCOLS = [1, 2, 4, 6, 17, 41, 47, 50, 51, 58, 59, 89, 97, 103, 112, 115, 132, 137];

/** Decides what the kernel filter passes: the watched ports except those that services hold. */
export class FilterPlanner {
  readonly #isOurs: (port: number) => boolean;
  readonly #tcp4 = new SteadyPorts();
  readonly #tcp6 = new SteadyPorts();
  readonly #udp4 = new SteadyPorts();
  readonly #udp6 = new SteadyPorts();
  /** TCP ports that a socket holds at any address, listening or connected. */
  readonly #held = new SteadyPorts();

  /** `isOurs` says whether portsentry itself listens on a TCP port; such a port is no service. */
  constructor(isOurs: (port: number) => boolean = () => false) {
    this.#isOurs = isOurs;
  }

  /** Takes the current sockets; true when a new filter would differ. `now` is in ms. */
  update(sockets: SocketTable, addresses: readonly Address[], now: number, atOnce = false): boolean {
    const [v4, v6] = byFamily(addresses);
    const tcp = sockets.bound(PROTOCOL_TCP).filter(({ port }) => !this.#isOurs(port));
    const udp = sockets.bound(PROTOCOL_UDP);
    const changes = [
      this.#tcp4.update(tcp, v4, now, atOnce),
      this.#tcp6.update(tcp, v6, now, atOnce),
      this.#udp4.update(udp, v4, now, atOnce),
      this.#udp6.update(udp, v6, now, atOnce),
      this.#held.update(anywhere([...tcp, ...sockets.localEnds]), [], now, atOnce),
    ];
    return changes.includes(true);
  }

  /** The plan for the watched ports and the current sockets; `refusals` as in `FilterPlan`. */
  plan(
    watched: ViewedPorts,
    addresses: readonly Address[],
    sockets: SocketTable,
    refusals = false,
  ): FilterPlan {
    const [v4, v6] = byFamily(addresses);
    const idle = this.#idlePorts(watched, sockets);
    const { kinds } = watched;
    const detects = (kind: Kind) => (kinds & (1 << kind)) !== 0;
    const among = <T>(wanted: readonly (readonly [Kind, T])[]) =>
      wanted.filter(([kind]) => detects(kind)).map(([, value]) => value);
    const watchesTcp = watched.tcp.size > 0;
    const familyPlan = (own: Address[], tcp: PortSet, udp: PortSet): FamilyPlan => ({
      addresses: own,
      tcp: { pass: (kinds & INITIAL_KINDS) !== 0 ? watched.tcp.without(tcp) : NO_PORTS, keepOut: tcp },
      udp: { pass: detects(Kind.udp) ? watched.udp.without(udp) : NO_PORTS, keepOut: udp },
      idle,
    });
    return {
      v4: familyPlan(v4, this.#tcp4.ports, this.#udp4.ports),
      v6: familyPlan(v6, this.#tcp6.ports, this.#udp6.ports),
      impossible: watched.capturesTcp && (kinds & IMPOSSIBLE_KINDS) !== 0,
      bareFlags: among([
        [Kind.ack, ACK],
        [Kind.maimon, FIN | ACK],
      ]),
      chunkTypes: watchesTcp
        ? among([
            [Kind['sctp-init'], CHUNK_INIT],
            [Kind['sctp-cookie-echo'], CHUNK_COOKIE_ECHO],
          ])
        : [],
      refusals,
      busyProtocols: watchesTcp && detects(Kind['ip-protocol']) ? BUSY_PROTOCOLS : [],
      arp: watchesTcp && detects(Kind.arp),
      icmpTypes: watchesTcp && detects(Kind.icmp) ? [ICMP_ECHO, ICMP_TIMESTAMP, ICMP_MASK] : [],
      icmpv6Types: watchesTcp && detects(Kind.icmp) ? [ICMPV6_ECHO] : [],
    };
  }

  /**
   * The ports where a bare ACK or FIN/ACK cannot belong to a connection: no socket holds them, and they are not
   * ephemeral.
   */
  #idlePorts(watched: ViewedPorts, sockets: SocketTable): FamilyPlan['idle'] {
    const keepOut = PortSet.of([readEphemeralPorts(), ...this.#held.ports.ranges()]);
    for (const { port } of [...sockets.bound(PROTOCOL_TCP), ...sockets.localEnds])
      keepOut.addRange({ first: port, last: port });
    return { pass: watched.tcp.without(keepOut), keepOut };
  }
}

function byFamily(addresses: readonly Address[]): [Address[], Address[]] {
  return [addresses.filter((address) => address.isV4), addresses.filter((address) => !address.isV4)];
}

/** The sockets' ports, each held everywhere, except ephemeral ones, which come and go. */
function anywhere(sockets: readonly BoundSocket[]): BoundSocket[] {
  const { first, last } = readEphemeralPorts();
  return sockets
    .filter(({ port }) => port < first || port > last)
    .map(({ port }) => ({ address: ANYWHERE, port }));
}
