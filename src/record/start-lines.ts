import type { Config, ModeName } from '../config/config.ts';
import { transportOfMode } from '../config/modes.ts';
import { type PortRange, PortSet } from '../config/ports.ts';
import type { ModeTransport } from '../net/protocol.ts';
import { adminLine } from './lines1.ts';

/** A list of ports has one line per port, as in 1.x. A longer list than this is one line. */
const MAX_PORT_LINES = 256;

/** A set of ports for each transport that has modes. */
export type Ports = Readonly<Record<ModeTransport, PortSet>>;

/** The ports that `modeLines` reports besides those of the configuration. */
export interface StartPorts {
  /** Ports that other programs used when the daemon started. */
  readonly inUse: Ports;
  /** Ports that the connect modes have bound. */
  readonly listening: Ports;
}

/** The first line of a start. */
export function startingLine(version: string): string {
  return adminLine(`PortSentry ${version} is starting.`);
}

/** The lines in which each mode reports its ports at the start. */
export function modeLines(config: Config, modes: readonly ModeName[], ports: StartPorts): string[] {
  return modes.flatMap((mode) => {
    const transport = transportOfMode(mode);
    if (mode === 'atcp' || mode === 'audp') return advancedLines(config, transport, ports.inUse[transport]);
    if (mode === 'tcp' || mode === 'udp') return listenLines(transport, ports.listening[transport]);
    const watched = transport === 'tcp' ? config.tcpPorts : config.udpPorts;
    return portLines(`Going into stealth listen mode on ${transport.toUpperCase()} port`, watched);
  });
}

/** The ports that a connect mode now listens on. */
export function listenLines(transport: ModeTransport, ports: PortSet): string[] {
  return portLines(`Going into listen mode on ${transport.toUpperCase()} port`, ports);
}

/** The ports that a connect mode could not bind at all, in 1.x's words. */
export function notBoundLines(transport: ModeTransport, ports: PortSet): string[] {
  const what = `ERROR: could not bind ${transport.toUpperCase()} socket`;
  return portLines(what, ports, '. Attempting to continue');
}

/** The last line of a start, which scripts wait for. */
export function listeningLine(logFormat: 1 | 2): string {
  return logFormat === 1
    ? adminLine('PortSentry is now active and listening.')
    : 'Portsentry is now active and listening.';
}

/** The last lines of the log. */
export function stopLines(logFormat: 1 | 2): string[] {
  if (logFormat === 2) return ['Portsentry is shutting down'];
  return ['securityalert: PortSentry is shutting down', adminLine('PortSentry is shutting down')];
}

function advancedLines(config: Config, transport: ModeTransport, inUse: PortSet): string[] {
  const isTcp = transport === 'tcp';
  const limit = isTcp ? config.advancedPortsTcp : config.advancedPortsUdp;
  const excluded = isTcp ? config.advancedExcludeTcp : config.advancedExcludeUdp;
  const protocol = isTcp ? 'TCP' : 'UDP';
  return [
    adminLine(`Advanced mode will monitor first ${limit} ports`),
    ...portLines('Advanced mode will manually exclude port', excluded),
    ...portLines(
      `Advanced Stealth scan detection mode activated. Ignored ${protocol} port`,
      ignoredBelow(limit, excluded, inUse),
    ),
  ];
}

/** The ports below the limit that are not watched. */
function ignoredBelow(limit: number, excluded: PortSet, inUse: PortSet): PortSet {
  const all = PortSet.below(limit);
  return all.without(all.without(excluded).without(inUse));
}

function portLines(text: string, ports: PortSet, end = ''): string[] {
  if (ports.size > MAX_PORT_LINES) return [adminLine(`${text}s: ${ports}${end}`)];
  return ports.ranges().flatMap((range) => portsOf(range).map((port) => adminLine(`${text}: ${port}${end}`)));
}

function portsOf({ first, last }: PortRange): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
