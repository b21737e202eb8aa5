import type { Config } from './config.ts';
import { DIRECTIVES, FIELDS, type Field } from './directives.ts';
import type { Finding, Severity } from './finding.ts';
import type { Entry } from './lexer.ts';
import { hintOf } from './nearest.ts';
import { TOKENS, unknownTokens } from './tokens.ts';

/** The settings of the file, by key. */
export type Settings = ReadonlyMap<string, Entry>;

/** Checks each setting alone: commands without $TARGET$, unknown tokens, relative paths. */
export function checkSettings(settings: Settings, file: string): Finding[] {
  return FIELDS.flatMap((field) => {
    const entry = settings.get(DIRECTIVES[field].key);
    return entry === undefined || entry.value === '' ? [] : checkSetting(field, entry, file);
  });
}

/** Checks the settings together. */
export function crossCheck(config: Config, settings: Settings, file: string): Finding[] {
  const at = (keys: readonly string[], severity: Severity, message: string): Finding => {
    const entry = keys.map((key) => settings.get(key)).find((known) => known !== undefined);
    return { severity, file, line: entry?.line ?? 0, column: entry?.keyColumn ?? 0, message };
  };
  return [
    ...nothingToRun(config, at),
    ...routeAsExternalCommand(config, at),
    ...routeWithoutIpv6(config, at),
    ...methodAgainstCommand(config, at),
    ...commandWithoutUndo(config, at),
    ...emptyPortLists(config, settings, at),
  ];
}

type At = (keys: readonly string[], severity: Severity, message: string) => Finding;

function checkSetting(field: Field, entry: Entry, file: string): Finding[] {
  const { key, needsTarget, hasTokens, isPath } = DIRECTIVES[field];
  const findings: Finding[] = [];
  const report = (severity: Severity, offset: number, message: string) => {
    findings.push({ severity, file, line: entry.line, column: entry.valueColumn + offset, message });
  };
  if (needsTarget && !entry.value.includes('$TARGET$')) {
    report('error', 0, `${key}: expected $TARGET$ in it, found none; it would do the same for every source`);
  }
  for (const token of hasTokens ? unknownTokens(entry.value) : []) {
    report(
      'warning',
      token.offset,
      `${key}: ${token.text} is not a token and stays as it is${hintOf(token.meant)}; the tokens are ${TOKENS.join(' ')}`,
    );
  }
  if (isPath && !entry.value.startsWith('/')) {
    report('warning', 0, `${key}: a relative path depends on the folder in which portsentry starts`);
  }
  return findings;
}

/** 1.x accepted such a configuration, did nothing, and logged "Blocked". */
function nothingToRun(config: Config, at: At): Finding[] {
  const blocks = shutsOut(config) || config.killHostsDeny !== null || config.killRunCmd !== null;
  const runs = config.killRunCmd !== null || config.killRoute !== null;
  const findings: Finding[] = [];
  for (const [key, policy] of policies(config)) {
    if (policy === 0 || (policy === 1 ? blocks : runs)) continue;
    const needed =
      policy === 1 ? 'KILL_ROUTE, KILL_HOSTS_DENY or KILL_RUN_CMD' : 'KILL_RUN_CMD or KILL_ROUTE';
    findings.push(
      at([key], 'error', `${key}="${policy}": expected ${needed} to be set, found nothing to run`),
    );
  }
  return findings;
}

/** Whether the block method does anything. `command` needs a KILL_ROUTE; if no method is set, the best is chosen. */
function shutsOut({ blockMethod, killRoute }: Config): boolean {
  return blockMethod === 'command' ? killRoute !== null : blockMethod !== 'none';
}

function routeAsExternalCommand(config: Config, at: At): Finding[] {
  if (config.killRunCmd !== null || config.killRoute === null) return [];
  const keys = policies(config).flatMap(([key, policy]) => (policy === 2 ? [key] : []));
  if (keys.length === 0) return [];
  const message = `${keys.map((key) => `${key}="2"`).join(' and ')} without KILL_RUN_CMD: KILL_ROUTE is run as the external command (PortSentry 1.x did nothing and still wrote "Blocked")`;
  return [at(keys, 'warning', message)];
}

function routeWithoutIpv6({ killRoute, killRoute6 }: Config, at: At): Finding[] {
  if (killRoute === null || killRoute6 !== null || killRoute.includes('ip6tables')) return [];
  const program = ONLY_IPV4.exec(killRoute)?.[0];
  if (program === undefined) return [];
  const message = `KILL_ROUTE calls ${program}, which knows no IPv6: an IPv6 source stays unblocked; set KILL_ROUTE6, for instance to "/sbin/ip6tables -I INPUT -s $TARGET$ -j DROP"`;
  return [at(['KILL_ROUTE'], 'warning', message)];
}

/** A call of `iptables` or of the `route` of net-tools, but not of `ip route`. */
const ONLY_IPV4 =
  /(?<=^|[\s;&|(/])iptables(?:-legacy|-nft)?(?=\s)|route(?<=(?:^|[;&|(/])\s*route)(?=\s+add\s)/;

function methodAgainstCommand({ blockMethod, killRoute, ...config }: Config, at: At): Finding[] {
  const warn = (message: string) => [
    at(['BLOCK_METHOD'], 'warning', `BLOCK_METHOD="${blockMethod}"${message}`),
  ];
  if (blockMethod === 'null')
    return warn(' blocks nothing and reports every block as done; use it for tests only');
  if (blockMethod === 'command' && killRoute === null)
    return warn(' without KILL_ROUTE: nothing shuts a source out');
  if (![config.blockTcp, config.blockUdp].includes(1)) return [];
  if (blockMethod === null && killRoute === null && config.killRoute6 !== null) {
    const message = 'KILL_ROUTE6 is not run without KILL_ROUTE or BLOCK_METHOD="command"';
    return [at(['KILL_ROUTE6'], 'warning', message)];
  }
  const replaced = blockMethod !== null && blockMethod !== 'command' && killRoute !== null;
  return replaced ? warn(': KILL_ROUTE is set and not run') : [];
}

function commandWithoutUndo({ blockMethod, killRoute, unkillRoute, ...config }: Config, at: At): Finding[] {
  if (killRoute === null || unkillRoute !== null || ![config.blockTcp, config.blockUdp].includes(1))
    return [];
  if (blockMethod !== null && blockMethod !== 'command') return [];
  const message =
    'KILL_ROUTE without UNKILL_ROUTE: nothing here can take a block back, so it stays until you do or until the next boot; set UNKILL_ROUTE, for instance to "/sbin/iptables -D INPUT -s $TARGET$ -j DROP", or leave KILL_ROUTE out and let BLOCK_METHOD do it';
  return [at(['KILL_ROUTE'], 'note', message)];
}

function emptyPortLists(config: Config, settings: Settings, at: At): Finding[] {
  const lists = [
    ['TCP_PORTS', config.tcpPorts, '-tcp and -stcp watch nothing'],
    ['UDP_PORTS', config.udpPorts, '-udp and -sudp watch nothing'],
  ] as const;
  return lists.flatMap(([key, ports, effect]) => {
    if (ports.size > 0) return [];
    if (settings.has(key)) return [at([key], 'warning', `${key} names no port: ${effect}`)];
    // Only a file of 2.x can leave a list out and have none.
    return [at([key], 'note', `${key} is not set, which in a file of PortSentry 2.x means that ${effect}`)];
  });
}

function policies(config: Config) {
  return [
    ['BLOCK_TCP', config.blockTcp],
    ['BLOCK_UDP', config.blockUdp],
  ] as const;
}
