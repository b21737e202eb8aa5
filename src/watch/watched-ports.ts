import { isImpossible } from '../classify/flags.ts';
import { Kind, kindMask } from '../classify/kind.ts';
import type { Probe } from '../classify/probe.ts';
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
  /** TCP ports on which not even impossible segments count. */
  readonly excludedTcp: PortSet;
  readonly #watchesTcp: boolean;

  constructor(config: Config, modes: Modes) {
    this.tcp = watchedTcp(config, modes);
    this.udp = watchedUdp(config, modes);
    this.kinds = kindMask(config.detect.map((name) => Kind[name]));
    this.excludedTcp = modes.tcp === 'atcp' ? config.advancedExcludeTcp : new PortSet();
    this.#watchesTcp = !this.tcp.isEmpty;
  }

  /** Whether DETECT names the kind. */
  detects(kind: Kind): boolean {
    return (this.kinds & (1 << kind)) !== 0;
  }

  /** There are lists for TCP and UDP. SCTP uses TCP's; a protocol without ports is watched when any TCP port is. */
  has(protocol: number, port: number): boolean {
    if (protocol === PROTOCOL_UDP) return this.udp.has(port);
    if (protocol === PROTOCOL_TCP || protocol === PROTOCOL_SCTP) return this.tcp.has(port);
    return this.#watchesTcp;
  }

  /** Whether a packet counts on its port. An impossible segment counts on every port that is not excluded. */
  hasPortOf({ protocol, destinationPort, tcpFlags }: PortFields): boolean {
    if (this.has(protocol, destinationPort)) return true;
    if (protocol !== PROTOCOL_TCP || !this.#watchesTcp || !isImpossible(tcpFlags)) return false;
    return !this.excludedTcp.has(destinationPort);
  }
}

type PortFields = Pick<Probe, 'protocol' | 'destinationPort' | 'tcpFlags'>;

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
