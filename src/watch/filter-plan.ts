import type { FamilyPlan, FilterPlan } from '../capture/filter.ts';
import { Kind, kindMask } from '../classify/kind.ts';
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

/** What is looked at: ports, and bit `1 << Kind` for each kind of probe. */
export type ViewedPorts = Pick<WatchedPorts, 'tcp' | 'udp' | 'kinds'>;

/** Kinds that begin a connection, or pretend to. */
const INITIAL = kindMask([Kind.null, Kind.fin, Kind.xmas, Kind.syn, Kind.odd]);

const NO_PORTS = new PortSet();
const ANYWHERE = Address.v4(0);

/**
 * Of the IP protocols that hosts speak those of which there may be much: both ICMP, IGMP, IP in IP, TCP, UDP, GRE, ESP,
 * AH, OSPF, EtherIP, PIM, VRRP, L2TP, SCTP, MPLS; and IPv6's "no next header". Of the others so little
 * comes that user space may sort it out: the compiler of filters has its limits.
 */
const BUSY_PROTOCOLS = [1, 2, 4, 6, 17, 41, 47, 50, 51, 58, 59, 89, 97, 103, 112, 115, 132, 137];

/** Decides what the kernel filter passes: the watched ports without those that services use for good. */
export class FilterPlanner {
  readonly #isOurs: (port: number) => boolean;
  readonly #tcp4 = new SteadyPorts();
  readonly #tcp6 = new SteadyPorts();
  readonly #udp4 = new SteadyPorts();
  readonly #udp6 = new SteadyPorts();
  /** TCP ports that a socket holds at any address, whether it listens or is connected. */
  readonly #held = new SteadyPorts();

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
      this.#held.update(anywhere([...tcp, ...sockets.localEnds]), [], now, atOnce),
    ];
    return changes.includes(true);
  }

  /** The plan for what is looked at, and for the sockets that there are now. */
  plan(watched: ViewedPorts, addresses: readonly Address[], sockets: SocketTable): FilterPlan {
    const [v4, v6] = byFamily(addresses);
    const idle = this.#idlePorts(watched, sockets);
    const { kinds } = watched;
    const detects = (kind: Kind) => (kinds & (1 << kind)) !== 0;
    const among = <T>(wanted: readonly (readonly [Kind, T])[]) =>
      wanted.filter(([kind]) => detects(kind)).map(([, value]) => value);
    const watchesTcp = watched.tcp.size > 0;
    const familyPlan = (own: Address[], tcp: PortSet, udp: PortSet): FamilyPlan => ({
      addresses: own,
      tcp: { pass: (kinds & INITIAL) !== 0 ? watched.tcp.without(tcp) : NO_PORTS, keepOut: tcp },
      udp: { pass: detects(Kind.udp) ? watched.udp.without(udp) : NO_PORTS, keepOut: udp },
      idle,
    });
    return {
      v4: familyPlan(v4, this.#tcp4.ports, this.#udp4.ports),
      v6: familyPlan(v6, this.#tcp6.ports, this.#udp6.ports),
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
      busyProtocols: watchesTcp && detects(Kind['ip-protocol']) ? BUSY_PROTOCOLS : [],
      icmpTypes: watchesTcp && detects(Kind.icmp) ? [ICMP_ECHO, ICMP_TIMESTAMP, ICMP_MASK] : [],
      icmpv6Types: watchesTcp && detects(Kind.icmp) ? [ICMPV6_ECHO] : [],
    };
  }

  /**
   * Where a bare ACK or FIN/ACK can belong to no connection: at no port that a socket holds, nor at one that
   * connections leave from.
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

/** The sockets' ports, each held everywhere; but those that connections leave from come and go. */
function anywhere(sockets: readonly BoundSocket[]): BoundSocket[] {
  const { first, last } = readEphemeralPorts();
  return sockets
    .filter(({ port }) => port < first || port > last)
    .map(({ port }) => ({ address: ANYWHERE, port }));
}
