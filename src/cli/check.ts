import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Config, type Finding, formatFinding } from '../config/config.ts';
import type { Settings } from '../config/cross-checks.ts';
import { DIRECTIVES, FIELDS, formatField } from '../config/directives.ts';
import { inFileOrder, loadConfigOrDefault, type ParsedConfig } from '../config/load.ts';
import { startedModes } from '../config/modes.ts';
import { parseIgnoreFile } from '../respond/ignore-file.ts';
import { tellResponse } from './check-story.ts';
import { Exit } from './exit.ts';

/** Which configuration is checked. */
export interface CheckOptions {
  /** As named by -c; without it the usual file, and without that one the built-in defaults. */
  readonly configfile?: string | undefined;
  /** Another usual file, for trials. */
  readonly usualFile?: string | undefined;
}

/** Where the command writes. */
export interface Output {
  stdout(text: string): void;
  stderr(text: string): void;
}

/** `portsentry check`: says what the configuration means and what is wrong with it. Returns the exit code. */
export function runCheck(options: CheckOptions, output: Output): number {
  const loaded = loadConfigOrDefault(options.configfile, options.usualFile);
  if (loaded.status !== 'read') {
    output.stderr(`portsentry: ${loaded.reason}\n`);
    return Exit.noInput;
  }
  const findings = [
    ...inFileOrder([...loaded.findings, ...checkFolders(loaded)]),
    ...checkIgnoreFile(loaded),
  ];
  const { config, settings } = loaded;
  output.stdout(renderCheck({ config, findings, settings }));
  const errors = findings.filter((finding) => finding.severity === 'error').length;
  if (errors === 0) return Exit.ok;
  output.stderr(`portsentry: ${counted(errors, 'error')} in the configuration: nothing would be started\n`);
  return Exit.config;
}

/** The whole answer: findings, resolved settings, and what will happen to a scanner. */
export function renderCheck({ config, findings, settings }: ParsedConfig): string {
  const told = renderFindings(findings);
  if (config === null) return told;
  const source =
    config.file === null
      ? 'No configuration file: the built-in defaults are in force, which only log.\n'
      : `Configuration: ${config.file}\n`;
  return [source, told, renderSettings(config, settings), tellResponse(config)].filter(Boolean).join('\n');
}

/** Folders that the configuration counts on; the daemon looks for them when it starts. */
function checkFolders({ config, settings }: ParsedConfig): Finding[] {
  const findings: Finding[] = [];
  for (const field of ['historyFile', 'blockedFile', 'eventFile'] as const) {
    const path = config?.[field] ?? null;
    if (path === null || existsSync(dirname(path))) continue;
    const { key } = DIRECTIVES[field];
    const entry = settings.get(key);
    const place = {
      file: config?.file ?? 'built-in defaults',
      line: entry?.line ?? 0,
      column: entry?.valueColumn ?? 0,
    };
    const message = `${key}: expected the folder ${dirname(path)} to exist, found none`;
    // The folder of the defaults is ours to make; one that somebody names may be a slip of the pen.
    if (entry === undefined)
      findings.push({ severity: 'note', ...place, message: `${message}; it is made at the start` });
    else findings.push({ severity: 'error', ...place, message: `${message}; make it or name another` });
  }
  return findings;
}

function checkIgnoreFile({ config }: ParsedConfig): readonly Finding[] {
  const file = config?.ignoreFile ?? null;
  if (file === null) return [];
  const about = (severity: Finding['severity'], message: string) => [
    { severity, file, line: 0, column: 0, message: `IGNORE_FILE: ${message}` },
  ];
  try {
    return parseIgnoreFile(readFileSync(file, 'utf8'), file).findings;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT'
      ? about('warning', 'there is no such file; nobody is spared by it')
      : about('error', `cannot be read (${code})`);
  }
}

function renderFindings(findings: readonly Finding[]): string {
  return findings.map((finding) => `${formatFinding(finding)}\n`).join('');
}

/** A table of key, origin and value; the value stands last, for a command is long. */
function renderSettings(config: Config, settings: Settings): string {
  const blockMethod = config.blockMethod ?? (config.killRoute === null ? 'none' : 'command');
  const resolved: Config = { ...config, modes: startedModes(config), blockMethod };
  const rows = FIELDS.map((field) => {
    const { key } = DIRECTIVES[field];
    const line = settings.get(key)?.line;
    return [
      key,
      line === undefined ? 'default' : `line ${line}`,
      formatField(resolved, field) || '-',
    ] as const;
  });
  const keyWidth = Math.max(...rows.map(([key]) => key.length));
  const originWidth = Math.max(...rows.map(([, origin]) => origin.length));
  const table = rows.map(
    ([key, origin, value]) => `  ${key.padEnd(keyWidth)}  ${origin.padEnd(originWidth)}  ${value}\n`,
  );
  return `Settings\n${table.join('')}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
