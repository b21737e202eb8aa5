import type { Config, ModeName } from '../config/config.ts';
import { PortSet } from '../config/ports.ts';
import { PROTOCOL_TCP } from '../net/protocol.ts';

/** The modes of one run: at most one for each transport. */
export interface Modes {
  readonly tcp: Extract<ModeName, 'tcp' | 'stcp' | 'atcp'> | null;
  readonly udp: Extract<ModeName, 'udp' | 'sudp' | 'audp'> | null;
}

/** The ports that the modes watch, before what is in use is taken off. */
export class WatchedPorts {
  readonly tcp: PortSet;
  readonly udp: PortSet;

  constructor(config: Config, modes: Modes) {
    this.tcp = watchedTcp(config, modes);
    this.udp = watchedUdp(config, modes);
  }

  has(protocol: number, port: number): boolean {
    return protocol === PROTOCOL_TCP ? this.tcp.has(port) : this.udp.has(port);
  }
}

/** stcp watches the list, atcp every port below the limit that is not excluded; tcp has sockets of its own. */
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
