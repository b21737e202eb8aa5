import { type At, commandFindings } from './command-checks.ts';
import type { Config, ModeName } from './config.ts';
import { DIRECTIVES, FIELDS, type Field } from './directives.ts';
import type { Finding, Severity } from './finding.ts';
import type { Entry } from './lexer.ts';
import { hintOf } from './nearest.ts';
import { shareFindings } from './share-checks.ts';
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

/** Checks the settings together. `running` are the modes that will run. */
export function crossCheck(
  config: Config,
  settings: Settings,
  file: string,
  running: readonly ModeName[],
): Finding[] {
  const at = (keys: readonly string[], severity: Severity, message: string): Finding => {
    const entry = keys.map((key) => settings.get(key)).find((known) => known !== undefined);
    return { severity, file, line: entry?.line ?? 0, column: entry?.keyColumn ?? 0, message };
  };
  return [
    ...nothingToRun(config, at),
    ...routeAsExternalCommand(config, at),
    ...methodAgainstCommand(config, at),
    ...methodUnasked(config, settings, at),
    ...commandFindings(config, at),
    ...nothingProven(config, running, at),
    ...shareFindings(config, at),
    ...emptyPortLists(config, settings, running, at),
    ...notifiesNobody(config, settings, at),
    ...notifiesInTheClear(config, at),
  ];
}

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

/** With these keys alone the old programs left the firewall as it was. */
function methodUnasked({ killRoute, ...config }: Config, settings: Settings, at: At): Finding[] {
  if (killRoute !== null || settings.has(DIRECTIVES.blockMethod.key)) return [];
  if (config.killHostsDeny === null && config.killRunCmd === null) return [];
  const keys = policies(config).flatMap(([key, policy]) => (policy === 1 ? [key] : []));
  if (keys.length === 0) return [];
  const old = config.killHostsDeny === null ? 'ran KILL_RUN_CMD' : 'wrote hosts.deny';
  const message = `${keys.map((key) => `${key}="1"`).join(' and ')} without KILL_ROUTE: the old PortSentry only ${old}; here the source is blocked in the firewall, too; set BLOCK_METHOD="auto" to keep this, or "none" for the old way`;
  return [at(keys, 'warning', message)];
}

/** What proves an address is a connection, which only one mode accepts, or the coin test. */
function nothingProven(config: Config, running: readonly ModeName[], at: At): Finding[] {
  if (config.blockSpoofable || running.includes('tcp')) return [];
  const { challenge, hold, sensor } = config;
  const isTested = challenge && hold && sensor !== 'packet';
  if (isTested && (running.includes('atcp') || running.includes('stcp'))) return [];
  if (policies(config).every(([, policy]) => policy === 0)) return [];
  const modes = running.map((mode) => `-${mode}`).join(' and ');
  const message = `BLOCK_SPOOFABLE="0": ${modes} block and hold nobody, because anybody can forge what they see; only -tcp and CHALLENGE="1" find out whether an address is genuine`;
  return [at(['BLOCK_SPOOFABLE'], 'warning', message)];
}

function emptyPortLists(config: Config, settings: Settings, running: readonly ModeName[], at: At): Finding[] {
  return (['tcpPorts', 'udpPorts'] as const).flatMap((field) => {
    if (config[field].size > 0) return [];
    const { key, modes = [] } = DIRECTIVES[field];
    // Only a file of 2.x can leave a list out and have none.
    if (!settings.has(key)) {
      const effect = `${modes.map((mode) => `-${mode}`).join(' and ')} watch nothing`;
      // The list that is there makes the file one of 2.x.
      const other = DIRECTIVES[field === 'tcpPorts' ? 'udpPorts' : 'tcpPorts'].key;
      return [
        at([other], 'note', `${key} is not set, which in a file of PortSentry 2.x means that ${effect}`),
      ];
    }
    const watching = modes.find((mode) => running.includes(mode));
    if (watching === undefined) return [];
    return [at([key], 'warning', `${key} names no port: -${watching} watches nothing`)];
  });
}

/** What goes with an address alone, and two addresses. */
function notifiesNobody({ notifyUrl, notifyUrlFile }: Config, settings: Settings, at: At): Finding[] {
  if (notifyUrl !== null && notifyUrlFile !== null) {
    return [at(['NOTIFY_URL'], 'warning', 'NOTIFY_URL is not used: NOTIFY_URL_FILE has another address')];
  }
  if (notifyUrl !== null || notifyUrlFile !== null) return [];
  return ['NOTIFY_FORMAT', 'NOTIFY_TOKEN_FILE'].flatMap((key) => {
    if ((settings.get(key)?.value ?? '') === '') return [];
    return [at([key], 'warning', `${key} has no effect without NOTIFY_URL`)];
  });
}

/** Hosts that are this one: nobody reads along. */
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

function notifiesInTheClear({ notifyUrl, notifyUrlFile, notifyTokenFile }: Config, at: At): Finding[] {
  const url = notifyUrl === null || notifyUrlFile !== null ? null : new URL(notifyUrl);
  if (url === null || url.protocol === 'https:' || LOOPBACK_NAMES.has(url.hostname)) return [];
  const what = notifyTokenFile === null ? 'notifications' : 'notifications and the token';
  const message = `NOTIFY_URL: everybody on the way can read and change ${what}; https:// prevents it`;
  return [at(['NOTIFY_URL'], 'warning', message)];
}

function policies(config: Pick<Config, 'blockTcp' | 'blockUdp'>) {
  return [
    ['BLOCK_TCP', config.blockTcp],
    ['BLOCK_UDP', config.blockUdp],
  ] as const;
}
