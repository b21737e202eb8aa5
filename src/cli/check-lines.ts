import type { Config, ModeName } from '../config/config.ts';
import type { Settings } from '../config/cross-checks.ts';
import { DIRECTIVES, FIELDS, type Field } from '../config/directives.ts';
import { startedModes, transportOfMode } from '../config/modes.ts';
import type { ModeTransport } from '../net/protocol.ts';
import { planActions, plannedMethod } from '../respond/plan.ts';
import { tellTrigger } from './check-story.ts';

/** What each line of the file does here, in the order of the file; empty when it sets nothing. */
export function tellLines(config: Config, settings: Settings): string {
  const lines = FIELDS.flatMap((field) => {
    const { key, meaning } = DIRECTIVES[field];
    const line = settings.get(key)?.line;
    const effect = EFFECTS[field]?.(config) ?? meaning;
    return line === undefined ? [] : [{ line, text: `${key}: ${effect}` }];
  }).toSorted((a, b) => a.line - b.line);
  if (lines.length === 0) return '';
  const width = `line ${lines.at(-1)?.line}`.length;
  const rows = lines.map(({ line, text }) => `  ${`line ${line}`.padEnd(width)}  ${text}\n`);
  return `What each line does\n${rows.join('')}`;
}

type Effect = (config: Config) => string;

/** Of a setting whose effect hangs on others; of all other settings the meaning of the key says it. */
const EFFECTS: { readonly [F in Field]?: Effect } = {
  tcpPorts: (config) => `${config.tcpPorts.size} ports that -tcp and -stcp watch${use(config, LISTED.tcp)}`,
  udpPorts: (config) => `${config.udpPorts.size} ports that -udp and -sudp watch${use(config, LISTED.udp)}`,
  advancedPortsTcp: (config) =>
    `-atcp watches every port below ${config.advancedPortsTcp}${use(config, ['atcp'])}`,
  advancedPortsUdp: (config) =>
    `-audp watches every port below ${config.advancedPortsUdp}${use(config, ['audp'])}`,
  advancedExcludeTcp: (config) => `-atcp leaves these out${use(config, ['atcp'])}`,
  advancedExcludeUdp: (config) => `-audp leaves these out${use(config, ['audp'])}`,
  ignoreFile: () => 'whoever stands in it is never acted on; read again at a SIGHUP',
  historyFile: ({ logFormat, historyFile }) =>
    historyFile === null
      ? 'no history is written'
      : `one line a host, as PortSentry ${logFormat}.x writes it`,
  blockedFile: (config) => {
    if (config.blockedFile === null) return 'no such file is written';
    return blocks(config)
      ? `one line for each block that worked, in ${config.blockedFile}.MODE`
      : `nothing is written to it: ${ONLY_LOGS}`;
  },
  resolveHost: ({ resolveHost }) =>
    resolveHost
      ? 'log lines name hosts; a look-up delays no action'
      : 'log lines name addresses; no name is looked up',
  blockTcp: (config) => tellPolicy(config, 'tcp'),
  blockUdp: (config) => tellPolicy(config, 'udp'),
  killRoute: (config) => tellCommand(config, config.killRoute),
  killRoute6: (config) => tellCommand(config, config.killRoute6),
  killHostsDeny: (config) => {
    const whom = whomFor(config, config.killHostsDeny);
    return whom === null ? idle(config) : `the line is added to /etc/hosts.deny for ${whom}, once a host`;
  },
  killRunCmd: (config) => tellCommand(config, config.killRunCmd),
  killRunCmdFirst: ({ killRunCmd, killRunCmdFirst }) =>
    killRunCmd === null
      ? 'nothing: there is no KILL_RUN_CMD'
      : `KILL_RUN_CMD is run ${killRunCmdFirst ? 'before' : 'after'} the block`,
  scanTrigger: (config) => lowered(tellTrigger(config)),
  portBanner: (config) =>
    config.portBanner === null
      ? 'no banner is sent'
      : `-tcp and -udp send it to who connects${use(config, ['tcp', 'udp'])}`,
};

const LISTED = { tcp: ['tcp', 'stcp'], udp: ['udp', 'sudp'] } as const;

const ONLY_LOGS = 'BLOCK_TCP and BLOCK_UDP only log';

/** Whether one of these modes is what is started; a line that is not used must say so. */
function use(config: Config, modes: readonly ModeName[]): string {
  const started = startedModes(config);
  if (modes.some((mode) => started.includes(mode))) return '';
  const transports = new Set(modes.map(transportOfMode));
  const others = started.filter((mode) => transports.has(transportOfMode(mode))).map((mode) => `-${mode}`);
  const instead = others.length === 0 ? 'no such mode' : others.join(' and ');
  const by = config.modes.length > 0 ? 'MODES' : 'the default';
  return `; not used: ${by} starts ${instead}`;
}

function blocks({ blockTcp, blockUdp }: Config): boolean {
  return blockTcp > 0 || blockUdp > 0;
}

function tellPolicy(config: Config, transport: ModeTransport): string {
  const policy = transport === 'tcp' ? config.blockTcp : config.blockUdp;
  const who = `a ${transport.toUpperCase()} scanner`;
  if (policy === 0) return `${who} is only logged; nothing is run`;
  if (policy === 1) return `${who} is blocked`;
  return `for ${who} only ${config.killRunCmd === null ? 'KILL_ROUTE' : 'KILL_RUN_CMD'} is run`;
}

function tellCommand(config: Config, template: string | null): string {
  const whom = whomFor(config, template);
  return whom === null ? idle(config) : `run by /bin/sh for ${whom}; another exit status than 0 is no block`;
}

/** The scanners that a command or a line is for; null when it is for none. */
function whomFor(config: Config, template: string | null): string | null {
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

function lowered(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, '');
}
