import type { Config, ModeName } from '../config/config.ts';
import type { Settings } from '../config/cross-checks.ts';
import { DIRECTIVES, FIELDS, type Field } from '../config/directives.ts';
import { transportOfMode } from '../config/modes.ts';
import type { ModeTransport } from '../net/protocol.ts';
import { planActions, plannedMethod } from '../respond/plan.ts';
import { describeMethod, describeTrigger, portsBelow } from './check-response.ts';
import type { StartedModes } from './check-start.ts';
import { renderRows } from './table.ts';

/** What each line of the file does, in the order of the file. Empty when the file sets nothing. */
export function renderLines(config: Config, settings: Settings, start: StartedModes): string {
  const lines = FIELDS.flatMap((field) => {
    const { key, meaning, modes = [] } = DIRECTIVES[field];
    const line = settings.get(key)?.line;
    const effect = EFFECTS[field]?.(config) ?? meaning;
    return line === undefined ? [] : [{ line, text: `${key}: ${effect}${unused(start, modes)}` }];
  }).toSorted((a, b) => a.line - b.line);
  if (lines.length === 0) return '';
  const rows = lines.map(({ line, text }) => [`line ${line}`, text]);
  return `What each line does\n${renderRows(rows, '  ')}`;
}

type Effect = (config: Config) => string;

/** The settings whose effect depends on others. For the rest, the meaning of the key says enough. */
const EFFECTS: { readonly [F in Field]?: Effect } = {
  tcpPorts: ({ tcpPorts }) => `${tcpPorts.size} ports that -tcp and -stcp watch`,
  udpPorts: ({ udpPorts }) => `${udpPorts.size} ports that -udp and -sudp watch`,
  advancedPortsTcp: ({ advancedPortsTcp }) => `-atcp watches ${portsBelow(advancedPortsTcp)}`,
  advancedPortsUdp: ({ advancedPortsUdp }) => `-audp watches ${portsBelow(advancedPortsUdp)}`,
  advancedExcludeTcp: () => '-atcp leaves these out',
  advancedExcludeUdp: () => '-audp leaves these out',
  ignoreFile: ({ ignoreFile }) =>
    ignoreFile === null
      ? 'no file spares anybody'
      : 'the addresses in it are never acted on; it is read again on SIGHUP',
  historyFile: ({ logFormat, historyFile }) =>
    historyFile === null
      ? 'no history is written'
      : `one line for each host, as PortSentry ${logFormat}.x writes it`,
  blockedFile: (config) => {
    if (config.blockedFile === null) return 'no list of blocked hosts is written';
    return blocks(config)
      ? `one line for each block that worked, in ${config.blockedFile}.MODE`
      : `nothing is written to it: ${ONLY_LOGS}`;
  },
  resolveHost: ({ resolveHost }) =>
    resolveHost
      ? 'log lines show host names; a lookup never delays an action'
      : 'log lines show addresses; no name is looked up',
  blockTcp: (config) => describePolicy(config, 'tcp'),
  blockUdp: (config) => describePolicy(config, 'udp'),
  killRoute: (config) => describeCommand(config, config.killRoute),
  killRoute6: (config) => describeCommand(config, config.killRoute6),
  killHostsDeny: (config) => {
    const scanners = scannersFor(config, config.killHostsDeny);
    return scanners === null
      ? idle(config)
      : `the line is added to /etc/hosts.deny for ${scanners}, once per host`;
  },
  killRunCmd: (config) => {
    const scanners = scannersFor(config, config.killRunCmd);
    return scanners === null
      ? idle(config)
      : `run by /bin/sh for ${scanners}; an exit status other than 0 is logged as a failure`;
  },
  killRunCmdFirst: ({ killRunCmd, killRunCmdFirst }) =>
    killRunCmd === null
      ? 'no effect: KILL_RUN_CMD is not set'
      : `KILL_RUN_CMD runs ${killRunCmdFirst ? 'before' : 'after'} the block`,
  scanTrigger: (config) => lowerFirst(describeTrigger(config)),
  blockMethod: (config) =>
    [config.blockTcp, config.blockUdp].includes(1) ? lowerFirst(describeMethod(config)) : idle(config),
  portBanner: ({ portBanner }) =>
    portBanner === null ? 'no banner is sent' : '-tcp and -udp answer a client with it',
};

const ONLY_LOGS = 'BLOCK_TCP and BLOCK_UDP only log';

/** A remark for a line that is only for modes that are not started. */
function unused(start: StartedModes, modes: readonly ModeName[]): string {
  if (modes.length === 0 || modes.some((mode) => start.modes.includes(mode))) return '';
  const transports = new Set(modes.map(transportOfMode));
  const others = start.modes
    .filter((mode) => transports.has(transportOfMode(mode)))
    .map((mode) => `-${mode}`);
  return `; not used: ${start.by} starts ${others.length === 0 ? 'no such mode' : others.join(' and ')}`;
}

function blocks({ blockTcp, blockUdp }: Config): boolean {
  return blockTcp > 0 || blockUdp > 0;
}

function describePolicy(config: Config, transport: ModeTransport): string {
  const policy = transport === 'tcp' ? config.blockTcp : config.blockUdp;
  const who = `a ${transport.toUpperCase()} scanner`;
  if (policy === 0) return `${who} is only logged; nothing is run`;
  if (policy === 1) return `${who} is blocked`;
  return `only ${config.killRunCmd === null ? 'KILL_ROUTE' : 'KILL_RUN_CMD'} is run for ${who}`;
}

function describeCommand(config: Config, template: string | null): string {
  const scanners = scannersFor(config, template);
  return scanners === null
    ? idle(config)
    : `run by /bin/sh for ${scanners}; it counts as a block only with exit status 0`;
}

/** The scanners that a command or a line applies to; null for none. */
function scannersFor(config: Config, template: string | null): string | null {
  const transports = (['tcp', 'udp'] as const).filter((transport) =>
    ([4, 6] as const).some((family) =>
      planActions(config, plannedMethod(config), transport, family).some(
        (action) => action.template === template,
      ),
    ),
  );
  if (transports.length === 0) return null;
  return `a ${transports.map((transport) => transport.toUpperCase()).join(' or ')} scanner`;
}

function idle(config: Config): string {
  return blocks(config) ? 'not used by the settings above' : `not used: ${ONLY_LOGS}`;
}

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, '');
}
