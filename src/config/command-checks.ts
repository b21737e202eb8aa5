import type { Config } from './config.ts';
import type { Finding, Severity } from './finding.ts';
import { COMMANDS, runsKillRoute } from './kill-route.ts';
import { undoOf } from './undo.ts';

/** Makes a finding at the first of these keys that the file sets. */
export type At = (keys: readonly string[], severity: Severity, message: string) => Finding;

/** What is wrong with the KILL_ commands, and how blocks by them are taken back. */
export function commandFindings(config: Config, at: At): Finding[] {
  return [
    ...placeholders(config, at),
    ...routeWithoutIpv6(config, at),
    ...withoutUndo(config, at),
    ...blockingRunCommand(config, at),
  ];
}

/** The files of PortSentry 1.x and 2.x have `333.444.555.666` where the user must put a gateway that does not exist. */
function placeholders(config: Config, at: At): Finding[] {
  return COMMANDS.flatMap(([key, field]) => {
    const placeholder = placeholderIn(config[field]);
    if (placeholder === null) return [];
    const remedy =
      field === 'killRunCmd'
        ? 'write an address'
        : `write "${instead(config[field] ?? '')}", or leave ${key} out and let BLOCK_METHOD do it`;
    const message = `${key}: ${placeholder} is a placeholder and no address, so the command always fails; ${remedy}`;
    return [at([key], runsAny(config) ? 'warning' : 'note', message)];
  });
}

/** A dotted quad that no address can be. */
function placeholderIn(command: string | null): string | null {
  const quads = command?.match(/(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g) ?? [];
  return quads.find((quad) => quad.split('.').some((octet) => Number(octet) > 255)) ?? null;
}

function instead(command: string): string {
  const [program = 'route'] = command.trim().split(/\s/);
  const verb = /\sdel\s/.test(command) ? 'del' : 'add';
  return `${program} ${verb} -host $TARGET$ reject`;
}

function runsAny({ blockTcp, blockUdp }: Config): boolean {
  return blockTcp > 0 || blockUdp > 0;
}

function routeWithoutIpv6(config: Config, at: At): Finding[] {
  const { killRoute, killRoute6 } = config;
  if (killRoute === null || killRoute6 !== null || killRoute.includes('ip6tables')) return [];
  const program = ONLY_IPV4.exec(killRoute)?.[0];
  if (program === undefined || !runsKillRoute(config)) return [];
  const message = `KILL_ROUTE calls ${program}, which knows no IPv6: an IPv6 source stays unblocked; set KILL_ROUTE6, for instance to "/sbin/ip6tables -I INPUT -s $TARGET$ -j DROP"`;
  return [at(['KILL_ROUTE'], 'warning', message)];
}

/** A call of `iptables` or of the `route` of net-tools, but not of `ip route`. */
const ONLY_IPV4 =
  /(?<=^|[\s;&|(/])iptables(?:-legacy|-nft)?(?=\s)|route(?<=(?:^|[;&|(/])\s*route)(?=\s+add\s)/;

function withoutUndo(config: Config, at: At): Finding[] {
  if (!runsKillRoute(config)) return [];
  const { killRoute, killRoute6, unkillRoute, unkillRoute6 } = config;
  return [
    ...(unkillRoute === null ? missingUndo('KILL_ROUTE', killRoute, at) : []),
    ...(unkillRoute6 === null ? missingUndo('KILL_ROUTE6', killRoute6, at) : []),
  ];
}

function missingUndo(key: 'KILL_ROUTE' | 'KILL_ROUTE6', command: string | null, at: At): Finding[] {
  if (command === null || placeholderIn(command) !== null) return [];
  const undo = undoOf(command);
  const remedy = undo.known
    ? `set UN${key}="${undo.command}"`
    : `no undo is known, because ${undo.why}: set UN${key} to a command that takes it back`;
  const message = `${key} without UN${key}: nothing here can take a block back, so it stays until you do or until the next boot; ${remedy}, or leave ${key} out and let BLOCK_METHOD do it`;
  return [at([key], 'warning', message)];
}

/** Old guides block in the external command, which nothing takes back. */
function blockingRunCommand(config: Config, at: At): Finding[] {
  const undo = config.killRunCmd === null ? null : undoOf(config.killRunCmd);
  if (!runsAny(config) || undo?.known !== true) return [];
  const message = `KILL_RUN_CMD blocks the source itself, and nothing here knows of that block or takes it back; make it KILL_ROUTE, with UNKILL_ROUTE="${undo.command}"`;
  return [at(['KILL_RUN_CMD'], 'warning', message)];
}
