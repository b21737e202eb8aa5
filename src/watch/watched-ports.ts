import { Kind, kindMask } from '../classify/kind.ts';
import type { Config } from '../config/config.ts';
import type { Modes } from '../config/modes.ts';
import { PortSet } from '../config/ports.ts';
import { PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';

/** The kinds of probe and the ports that the modes watch, before ports in use are excluded. */
export class WatchedPorts {
  readonly tcp: PortSet;
  readonly udp: PortSet;
  /** A mask with bit `1 << Kind` for each kind in DETECT. */
  readonly kinds: number;
  /** Whether a TCP mode sees packets. */
  readonly capturesTcp: boolean;
  /** TCP ports on which nothing is a probe. */
  readonly excludedTcp: PortSet;
  readonly #watchesTcp: boolean;

  constructor(config: Config, modes: Modes) {
    this.tcp = watchedTcp(config, modes);
    this.udp = watchedUdp(config, modes);
    this.kinds = kindMask(config.detect.map((name) => Kind[name]));
    this.capturesTcp = modes.tcp === 'stcp' || modes.tcp === 'atcp';
    this.excludedTcp = modes.tcp === 'atcp' ? config.advancedExcludeTcp : new PortSet();
    this.#watchesTcp = !this.tcp.isEmpty;
  }

  /** Whether DETECT names the kind. */
  detects(kind: Kind): boolean {
    return (this.kinds & (1 << kind)) !== 0;
  }

  /** Whether a segment with impossible flags is a probe of the TCP port, watched or not. */
  hasImpossible(port: number): boolean {
    return this.capturesTcp && !this.excludedTcp.has(port);
  }

  /** There are lists for TCP and UDP. SCTP uses TCP's; a protocol without ports is watched when any TCP port is. */
  has(protocol: number, port: number): boolean {
    if (protocol === PROTOCOL_UDP) return this.udp.has(port);
    if (protocol === PROTOCOL_TCP || protocol === PROTOCOL_SCTP) return this.tcp.has(port);
    return this.#watchesTcp;
  }
}

/** stcp watches the list, atcp every port below the limit that is not excluded; tcp uses its own sockets. */
function watchedTcp(config: Config, { tcp }: Modes): PortSet {
  if (tcp === 'stcp') return config.tcpPorts;
  if (tcp === 'atcp') return PortSet.below(config.advancedPortsTcp).without(config.advancedExcludeTcp);
  return new PortSet();
}

function watchedUdp(config: Config, { udp }: Modes): PortSet {
  if (udp === 'sudp') return config.udpPorts;
  if (udp === 'audp') return PortSet.below(config.advancedPortsUdp).without(config.advancedExcludeUdp);
  return new PortSet();
}
