import { fullPath } from '../commands/full-path.ts';
import type { Config } from '../config/config.ts';
import type { Settings } from '../config/cross-checks.ts';
import { DIRECTIVES, FIELDS } from '../config/directives.ts';
import { isFileOf2x } from '../config/file-of-2x.ts';
import type { Finding, Severity } from '../config/finding.ts';
import { runsKillRoute } from '../config/kill-route.ts';
import { shown } from '../config/lexer.ts';
import type { ParsedConfig } from '../config/load.ts';
import { missingPrograms } from '../preflight/missing-programs.ts';
import type { StartedModes } from './check-start.ts';

/**
 * What the old PortSentry silently did wrong with these settings, and what happens here instead. `start` are the modes
 * that run.
 */
export function legacyFindings({ config, settings }: ParsedConfig, { modes }: StartedModes): Finding[] {
  if (config === null) return [];
  const file = config.file ?? '';
  const at: At = (key, message, severity = 'note') => {
    const entry = settings.get(key);
    return entry === undefined
      ? []
      : [{ severity, file, line: entry.line, column: entry.keyColumn, message }];
  };
  return [
    ...cutValues(settings, file),
    ...unrunnable(config, at),
    ...missingCommands(config, at),
    ...triggerOffByOne(config, at),
    ...forgedGateway(config, at),
    ...(modes.includes('audp') ? lateAnswers(config, at) : []),
    ...(modes.includes('stcp') ? identQueries(config, at) : []),
    ...duplicateHostsDeny(config, at),
    ...(modes.includes('atcp') || modes.includes('audp') ? missingModes(config, settings, at) : []),
  ];
}

type At = (key: string, message: string, severity?: Severity) => Finding[];

/** 1.x ended every value at the second quote of the line. */
function cutValues(settings: Settings, file: string): Finding[] {
  return FIELDS.flatMap((field) => {
    const entry = settings.get(DIRECTIVES[field].key);
    const cut = entry?.value.indexOf('"') ?? -1;
    if (entry === undefined || cut < 0) return [];
    const { key, line, valueColumn, value } = entry;
    const message = `${key}: PortSentry 1.x ended the value at this quote and read ${shown(value.slice(0, cut))}; here the value ends at the last quote`;
    return [{ severity: 'note' as const, file, line, column: valueColumn + cut, message }];
  });
}

/** The old PortSentry ignored exit statuses: even a command that could not run counted as a block. */
function unrunnable(config: Config, at: At): Finding[] {
  const runsRoute = runsKillRoute(config);
  const commands = [
    ...(runsRoute ? (['killRoute', 'killRoute6', 'unkillRoute', 'unkillRoute6'] as const) : []),
    ...(config.blockTcp > 0 || config.blockUdp > 0 ? (['killRunCmd'] as const) : []),
  ];
  return commands.flatMap((field) => {
    const { key } = DIRECTIVES[field];
    return missingPrograms(config[field] ?? '', fullPath(process.env.PATH)).flatMap((trouble) => {
      const message = `${key}: ${trouble}, so the command fails (the old PortSentry counted that as a block)`;
      return at(key, message, 'warning');
    });
  });
}

function missingCommands({ blockTcp, blockUdp, ...config }: Config, at: At): Finding[] {
  if (config.killRoute !== null || config.killHostsDeny !== null || config.killRunCmd !== null) return [];
  const outcome = 'did nothing and still wrote "Blocked"; here BLOCK_METHOD blocks the source';
  return [
    ...(blockTcp === 1
      ? at('BLOCK_TCP', `BLOCK_TCP="1" without a KILL_ command: PortSentry 1.x ${outcome}`)
      : []),
    ...(blockUdp === 1
      ? at('BLOCK_UDP', `BLOCK_UDP="1" without a KILL_ command: PortSentry 1.x ${outcome}`)
      : []),
  ];
}

function triggerOffByOne({ scanTrigger }: Config, at: At): Finding[] {
  if (scanTrigger === 0) return [];
  const message = `SCAN_TRIGGER="${scanTrigger}": connect number ${scanTrigger + 1} triggers, as the manual says; the old PortSentry triggered one connect earlier, so "1" meant the same as "0"`;
  return at('SCAN_TRIGGER', message);
}

function forgedGateway({ autoIgnore, ...config }: Config, at: At): Finding[] {
  if (config.blockTcp === 0 && config.blockUdp === 0) return [];
  const packet = "one forged packet with the gateway's address";
  return autoIgnore
    ? at(
        'IGNORE_FILE',
        `${packet} made the old PortSentry block the gateway, unless IGNORE_FILE had it; here AUTO_IGNORE="1" spares it`,
      )
    : at(
        'AUTO_IGNORE',
        `AUTO_IGNORE="0": ${packet} gets the gateway blocked, as in the old PortSentry, unless IGNORE_FILE has it`,
        'warning',
      );
}

/** The first port that Linux assigns to a socket that did not choose one (ip_local_port_range). */
const FIRST_EPHEMERAL_PORT = 32_768;

function lateAnswers({ advancedPortsUdp }: Config, at: At): Finding[] {
  if (advancedPortsUdp <= FIRST_EPHEMERAL_PORT) return [];
  const message = `ADVANCED_PORTS_UDP="${advancedPortsUdp}" includes the ports that this host sends queries from: PortSentry 1.x blocked a resolver whose answer was late; here a port is not watched for 60 s after its use`;
  return at('ADVANCED_PORTS_UDP', message);
}

const IDENT = 113;

function identQueries({ tcpPorts }: Config, at: At): Finding[] {
  if (!tcpPorts.has(IDENT)) return [];
  const message =
    'TCP_PORTS includes 113 (ident): PortSentry 2.x blocked a mail server that answered a connection with an ident query, and -stcp reports it as a scanner here, too; remove 113 (-atcp excludes it by default)';
  return at('TCP_PORTS', message, 'warning');
}

function duplicateHostsDeny({ killHostsDeny, blockTcp, blockUdp }: Config, at: At): Finding[] {
  if (killHostsDeny === null || blockTcp !== 1 || blockUdp !== 1) return [];
  const message =
    'KILL_HOSTS_DENY: the TCP and the UDP process of PortSentry 1.x did not know of each other, so hosts.deny could list a host twice; here it lists it once';
  return at('KILL_HOSTS_DENY', message);
}

/** 2.x has no advanced modes and therefore none of their keys. */
function missingModes(config: Config, settings: Settings, at: At): Finding[] {
  if (!isFileOf2x(settings) || config.modes.length > 0) return [];
  const [key, advanced] = settings.has('TCP_PORTS')
    ? ['TCP_PORTS', 'ADVANCED_PORTS_TCP']
    : ['UDP_PORTS', 'ADVANCED_PORTS_UDP'];
  const message = `${key} without ${advanced}, as in a file of PortSentry 2.x, which watched only these ports; here --stealth (-stcp -sudp) or MODES="stcp,sudp" does`;
  return at(key as string, message, 'warning');
}
