import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config, ModeName } from '../config/config.ts';
import { DIRECTIVES, type Field } from '../config/directives.ts';
import type { Finding, Severity } from '../config/finding.ts';
import type { ParsedConfig } from '../config/load.ts';
import { startedModes } from '../config/modes.ts';
import { HOSTS_DENY } from '../respond/hosts-deny.ts';
import { parseIgnoreFile, readIgnoreFile } from '../respond/ignore-file.ts';
import { ignoreEntryFindings } from './ignore-entries.ts';
import { fileTrouble, folderTrouble, fullDisk, notRegular, type PathQuery } from './path-trouble.ts';

/** What is known of the start that the files are for. */
export interface FileQuery extends Partial<PathQuery> {
  /** The modes that will run; null for those that the file itself starts. */
  readonly modes?: readonly ModeName[] | null;
}

/** The files and folders that a start needs and could not write. */
export function folderFindings({ config, settings }: ParsedConfig, query: FileQuery = {}): Finding[] {
  if (config === null) return [];
  const { rights = false } = query;
  const findings: Finding[] = [];
  const report = (field: Field, severity: Severity, text: string) => {
    const { key } = DIRECTIVES[field];
    const entry = settings.get(key);
    const place = { line: entry?.line ?? 0, column: entry?.valueColumn ?? 0 };
    findings.push({
      severity,
      file: config.file ?? 'built-in defaults',
      ...place,
      message: `${key}: ${text}`,
    });
  };
  const modes = query.modes ?? startedModes(config);
  for (const [field, paths] of [
    ['historyFile', [config.historyFile]],
    ['blockedFile', config.blockedFile === null ? [] : modes.map((mode) => `${config.blockedFile}.${mode}`)],
    ['eventFile', [config.eventFile]],
  ] as const) {
    for (const path of paths) {
      if (path === null) continue;
      const [severity, text] = outputTrouble(path, !settings.has(DIRECTIVES[field].key), rights) ?? [];
      if (severity === undefined || text === undefined) continue;
      report(field, severity, text);
      // The files of the other modes lie in the same folder.
      break;
    }
  }
  const state = folderTrouble(config.stateDir, { rights }) ?? fullDisk(config.stateDir);
  if (state !== null) report('stateDir', 'warning', `${state}; no block outlasts a restart`);
  const socket = folderTrouble(dirname(config.controlSocket), { rights });
  if (socket !== null) report('controlSocket', 'error', `${socket}; name another path`);
  const metrics = metricsTrouble(config, rights);
  if (metrics !== null) report('metricsFile', 'warning', metrics);
  const path =
    config.metricsListen !== null && 'path' in config.metricsListen ? config.metricsListen.path : null;
  if (path !== null && !existsSync(dirname(path)))
    report(
      'metricsListen',
      'warning',
      `${missingFolder(dirname(path))}; no metrics are served until it is there`,
    );
  const denies = config.killHostsDeny !== null && [config.blockTcp, config.blockUdp].includes(1);
  const deny = denies ? fileTrouble(HOSTS_DENY, { rights }) : null;
  if (deny !== null) report('killHostsDeny', 'warning', `${deny}; it will fail each time`);
  return findings;
}

/** Metrics that cannot be written keep nobody from starting; they are written once they can be. */
function metricsTrouble({ metricsFile }: Config, rights: boolean): string | null {
  if (metricsFile === null) return null;
  const folder = dirname(metricsFile);
  if (!existsSync(folder)) return `${missingFolder(folder)}; nothing is written until it is there`;
  const trouble = isFolder(metricsFile) ? `${metricsFile} is a folder` : folderTrouble(folder, { rights });
  return trouble ?? fullDisk(folder);
}

function missingFolder(folder: string): string {
  return `expected the folder ${folder} to exist, found none`;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** The program makes the folder of a default path. Another missing folder may be a typing error in the configuration. */
function outputTrouble(path: string, isDefault: boolean, rights: boolean): [Severity, string] | null {
  const folder = dirname(path);
  const missing = existsSync(folder) ? null : missingFolder(folder);
  if (missing !== null && !isDefault) return ['error', `${missing}; make it or name another`];
  const trouble =
    missing === null
      ? (notRegular(path) ?? fileTrouble(path, { rights }))
      : folderTrouble(folder, { rights });
  if (trouble !== null) return ['error', `${trouble}; name another file`];
  if (missing !== null) return ['note', `${missing}; it is made at the start`];
  // The lines wait in memory until there is room.
  const full = fullDisk(folder);
  return full === null ? null : ['warning', `${full}, so lines may be lost`];
}

/** What IGNORE_FILE spares, and what is wrong with it. */
export function ignoreFileFindings({ config }: ParsedConfig): readonly Finding[] {
  const file = config?.ignoreFile ?? null;
  if (file === null) return [];
  const about = (severity: Severity, message: string) => [
    { severity, file, line: 0, column: 0, message: `IGNORE_FILE: ${message}` },
  ];
  try {
    const text = readIgnoreFile(file);
    const { entries, findings } = parseIgnoreFile(text, file);
    return [...findings, ...ignoreEntryFindings(entries, text, file)];
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT'
      ? about('warning', 'there is no such file; nobody is spared by it')
      : about('error', `cannot be read (${code ?? message})`);
  }
}
