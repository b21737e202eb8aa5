import { existsSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import type { Settings } from '../config/cross-checks.ts';
import { DIRECTIVES, FIELDS } from '../config/directives.ts';
import type { Finding, Severity } from '../config/finding.ts';
import { shown } from '../config/lexer.ts';
import type { ParsedConfig } from '../config/load.ts';

/** What the old PortSentry did with such a file without a word, and what is done here instead. */
export function formerFaults({ config, settings }: ParsedConfig): Finding[] {
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
    ...missingPrograms(config, at),
    ...nothingRun(config, at),
    ...oneConnectLess(config, at),
    ...forgedGateway(config, at),
    ...lateAnswers(config, at),
    ...identQueries(config, at),
    ...twoLines(config, at),
    ...otherModes(config, settings, at),
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
    const message = `${key}: PortSentry 1.x ended the value at this quote, and so read ${shown(value.slice(0, cut))}; here it goes on to the last one`;
    return [{ severity: 'note' as const, file, line, column: valueColumn + cut, message }];
  });
}

/** It looked at no exit status: what could not even be run counted as a block. */
function missingPrograms(config: Config, at: At): Finding[] {
  return (['killRoute', 'killRoute6', 'killRunCmd', 'unkillRoute', 'unkillRoute6'] as const).flatMap(
    (field) => {
      const program = /^\s*(\/[\w./+-]+)(?=\s|$)/.exec(config[field] ?? '')?.[1];
      if (program === undefined || existsSync(program)) return [];
      const { key } = DIRECTIVES[field];
      const message = `${key}: there is no ${program} on this host, so it will fail each time (PortSentry took that for a block)`;
      return at(key, message, 'warning');
    },
  );
}

function nothingRun({ blockTcp, blockUdp, ...config }: Config, at: At): Finding[] {
  if (config.killRoute !== null || config.killHostsDeny !== null || config.killRunCmd !== null) return [];
  const does = 'did nothing and still wrote "Blocked"; here BLOCK_METHOD shuts the source out';
  return [
    ...(blockTcp === 1
      ? at('BLOCK_TCP', `BLOCK_TCP="1" without a KILL_ command: PortSentry 1.x ${does}`)
      : []),
    ...(blockUdp === 1
      ? at('BLOCK_UDP', `BLOCK_UDP="1" without a KILL_ command: PortSentry 1.x ${does}`)
      : []),
  ];
}

function oneConnectLess({ scanTrigger }: Config, at: At): Finding[] {
  if (scanTrigger === 0) return [];
  const message = `SCAN_TRIGGER="${scanTrigger}": number ${scanTrigger + 1} triggers, as the manual says; PortSentry triggered one earlier, so "1" was as "0"`;
  return at('SCAN_TRIGGER', message);
}

function forgedGateway({ autoIgnore, ...config }: Config, at: At): Finding[] {
  if (config.blockTcp === 0 && config.blockUdp === 0) return [];
  const before = 'one forged packet with the address of the gateway made PortSentry block the gateway';
  return autoIgnore
    ? at('IGNORE_FILE', `unless it stood in IGNORE_FILE, ${before}; here AUTO_IGNORE="1" spares it`)
    : at(
        'AUTO_IGNORE',
        `AUTO_IGNORE="0": ${before}, and so it will be here, unless IGNORE_FILE spares it`,
        'warning',
      );
}

/** The first port that Linux gives to a socket by itself (ip_local_port_range). */
const FIRST_EPHEMERAL_PORT = 32_768;

function lateAnswers({ advancedPortsUdp }: Config, at: At): Finding[] {
  if (advancedPortsUdp <= FIRST_EPHEMERAL_PORT) return [];
  const message = `ADVANCED_PORTS_UDP="${advancedPortsUdp}" holds the ports that this host asks from: PortSentry 1.x blocked a resolver whose answer was late; here a port is let alone for 60 s after its use`;
  return at('ADVANCED_PORTS_UDP', message);
}

const IDENT = 113;

function identQueries({ tcpPorts }: Config, at: At): Finding[] {
  if (!tcpPorts.has(IDENT)) return [];
  const message =
    'TCP_PORTS holds 113 (ident): a mail server that asks there about a call of this host was blocked by PortSentry 2.x, and is accused by -stcp here, too; leave it out (-atcp does by itself)';
  return at('TCP_PORTS', message);
}

function twoLines({ killHostsDeny, blockTcp, blockUdp }: Config, at: At): Finding[] {
  if (killHostsDeny === null || blockTcp !== 1 || blockUdp !== 1) return [];
  const message =
    'KILL_HOSTS_DENY: the TCP and the UDP process of PortSentry 1.x did not know of each other, so a host could stand in hosts.deny twice; here it stands there once';
  return at('KILL_HOSTS_DENY', message);
}

/** 2.x has no advanced modes, and so none of their keys. */
function otherModes(config: Config, settings: Settings, at: At): Finding[] {
  const isOf2 = !settings.has('ADVANCED_PORTS_TCP') && !settings.has('ADVANCED_PORTS_UDP');
  if (!isOf2 || config.modes.length > 0) return [];
  const message =
    'TCP_PORTS without ADVANCED_PORTS_TCP, as in a file of PortSentry 2.x, which watched these ports and no others; here -stcp -sudp do, or MODES="stcp,sudp"';
  return at('TCP_PORTS', message);
}
