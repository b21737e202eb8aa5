import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../config/config.ts';
import { DIRECTIVES } from '../config/directives.ts';
import type { Finding, Severity } from '../config/finding.ts';
import { runsKillRoute } from '../config/kill-route.ts';
import type { ParsedConfig } from '../config/load.ts';
import { HOSTS_DENY } from '../respond/hosts-deny.ts';
import { type Account, findAccount, mayUse, READ, SEARCH, WRITE } from './account.ts';

/** What fails when the daemon runs as USER instead of root. */
export function userFindings({ config, settings }: ParsedConfig): Finding[] {
  const entry = settings.get('USER');
  const name = config?.user ?? null;
  if (config === null || name === null) return [];
  const file = config.file ?? '';
  const place = { file, line: entry?.line ?? 0, column: entry?.valueColumn ?? 0 };
  const finding = (severity: Severity, message: string) => ({ severity, ...place, message });
  const account = findAccount(name);
  if (account === null) {
    const message = `USER: expected a user of this host, found "${name}"; make it: useradd --system ${name}`;
    return [finding('error', message)];
  }
  if (account.uid === 0) return [finding('warning', `USER="${name}" is root, which changes nothing`)];
  const findings: Finding[] = [];
  for (const path of unreadable(account, [file, config.ignoreFile])) {
    const remedy = `chgrp ${account.gid} ${path} && chmod g+r ${path}`;
    findings.push(finding('error', `USER="${name}" cannot read ${path}: ${remedy}`));
  }
  for (const folder of unreachable(account, config)) {
    const remedy = `let ${name} through each folder above it, or name another path`;
    findings.push(finding('error', `USER="${name}" cannot reach ${folder}: ${remedy}`));
  }
  for (const [key, path] of metricsPaths(config)) {
    const folder = dirname(path);
    if (!existsSync(folder) || mayUse(account, folder, WRITE)) continue;
    findings.push(finding('warning', `USER="${name}" cannot write into ${folder}: ${key} has no effect`));
  }
  const denies = config.killHostsDeny !== null && [config.blockTcp, config.blockUdp].includes(1);
  if (denies && !mayUse(account, HOSTS_DENY, WRITE)) {
    findings.push(
      finding('warning', `USER="${name}" cannot write ${HOSTS_DENY}: KILL_HOSTS_DENY will fail each time`),
    );
  }
  for (const path of unreadable(account, [config.notifyUrlFile, config.notifyTokenFile])) {
    const remedy = `chgrp ${account.gid} ${path} && chmod 640 ${path}`;
    findings.push(finding('warning', `USER="${name}" cannot read ${path}, so nobody is notified: ${remedy}`));
  }
  const commands = commandsRun(config).filter((field) => config[field] !== null);
  if (commands.length > 0) {
    const run = commands.map((field) => DIRECTIVES[field].key).join(', ');
    const message = `USER="${name}": ${run} run as ${name} with CAP_NET_RAW and CAP_NET_ADMIN; what needs root fails`;
    findings.push(finding('warning', message));
  }
  return findings;
}

/** The paths that are made anew in their folder, with the keys that name them. */
function metricsPaths({ metricsFile, metricsListen, stateDir }: Config): [key: string, path: string][] {
  const paths: [string, string | null][] = [
    ['METRICS_FILE', metricsFile],
    ['METRICS_LISTEN', metricsListen !== null && 'path' in metricsListen ? metricsListen.path : null],
  ];
  // The start gives STATE_DIR to the account.
  return paths.filter(
    (entry): entry is [string, string] => entry[1] !== null && dirname(entry[1]) !== stateDir,
  );
}

function commandsRun(config: Config): ('killRoute' | 'killRoute6' | 'killRunCmd' | 'notifyCommand')[] {
  const { blockTcp, blockUdp } = config;
  return [
    ...(runsKillRoute(config) ? (['killRoute', 'killRoute6'] as const) : []),
    ...(blockTcp > 0 || blockUdp > 0 ? (['killRunCmd'] as const) : []),
    'notifyCommand',
  ];
}

/** The existing folders of what the daemon writes that the account cannot go into. Their files are made for it. */
function unreachable(account: Account, config: Config): string[] {
  const { historyFile, blockedFile, eventFile, stateDir, controlSocket } = config;
  const folders = [historyFile, blockedFile, eventFile, stateDir, controlSocket].flatMap((path) =>
    path === null ? [] : [dirname(path)],
  );
  // The start gives STATE_DIR to the account.
  const given = (folder: string) => folder === stateDir || folder.startsWith(`${stateDir}/`);
  return [...new Set(folders)].filter(
    (folder) => existsSync(folder) && !given(folder) && !mayUse(account, folder, SEARCH),
  );
}

/** The existing files that the account cannot read. */
function unreadable(account: Account, paths: readonly (string | null)[]): string[] {
  return paths.filter((path): path is string => {
    return path !== null && path !== '' && existsSync(path) && !mayUse(account, path, READ);
  });
}
