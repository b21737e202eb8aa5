import type { Config } from '../config/config.ts';
import type { Settings } from '../config/cross-checks.ts';
import { DIRECTIVES, FIELDS, formatField } from '../config/directives.ts';
import { type Finding, formatFinding } from '../config/finding.ts';
import { inFileOrder, loadConfigOrDefault, type ParsedConfig } from '../config/load.ts';
import { startedModes } from '../config/modes.ts';
import { folderFindings, ignoreFileFindings } from '../preflight/check-files.ts';
import { userFindings } from '../preflight/check-user.ts';
import { Exit } from '../preflight/exit.ts';
import { counted } from '../record/counted.ts';
import { formerFaults } from './check-before.ts';
import { tellLines } from './check-lines.ts';
import { tellResponse } from './check-story.ts';
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
    ...inFileOrder([
      ...loaded.findings,
      ...folderFindings(loaded),
      ...userFindings(loaded),
      ...formerFaults(loaded),
    ]),
    ...ignoreFileFindings(loaded),
  ];
  const { config, settings } = loaded;
  output.stdout(renderCheck({ config, findings, settings }));
  const errors = findings.filter((finding) => finding.severity === 'error').length;
  if (errors === 0) return Exit.ok;
  output.stderr(`portsentry: ${counted(errors, 'error')} in the configuration: nothing would be started\n`);
  return Exit.config;
}

/** The whole answer: findings, what each line does, resolved settings, and what will happen to a scanner. */
export function renderCheck({ config, findings, settings }: ParsedConfig): string {
  const told = renderFindings(findings);
  if (config === null) return told;
  const source =
    config.file === null
      ? 'No configuration file: the built-in defaults are in force, which only log.\n'
      : `Configuration: ${config.file}\n`;
  const parts = [
    source,
    told,
    tellLines(config, settings),
    renderSettings(config, settings),
    tellResponse(config),
  ];
  return parts.filter(Boolean).join('\n');
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
