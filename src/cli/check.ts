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
import { plannedMethod } from '../respond/plan.ts';
import { legacyFindings } from './check-legacy.ts';
import { renderLines } from './check-lines.ts';
import { renderResponse } from './check-response.ts';
import type { CommandOutput } from './output.ts';
import { renderRows } from './table.ts';

/** The configuration to check. */
export interface CheckOptions {
  /** The file of -c. Without it, the usual file is checked, or the built-in defaults if that file does not exist. */
  readonly configfile?: string | undefined;
  /** Replaces the usual file in tests. */
  readonly usualFile?: string | undefined;
}

/** `portsentry check`: prints what the configuration means and what is wrong with it. Returns the exit code. */
export async function runCheck(options: CheckOptions, output: CommandOutput): Promise<Exit> {
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
      ...legacyFindings(loaded),
    ]),
    ...ignoreFileFindings(loaded),
  ];
  const { config, settings } = loaded;
  await output.stdout(renderCheck({ config, findings, settings }));
  const errors = findings.filter((finding) => finding.severity === 'error').length;
  if (errors === 0) return Exit.ok;
  output.stderr(`portsentry: ${counted(errors, 'error')} in the configuration: portsentry would not start\n`);
  return Exit.config;
}

/** The full output: findings, what each line does, resolved settings, and what will happen to a scanner. */
export function renderCheck({ config, findings, settings }: ParsedConfig): string {
  const problems = renderFindings(findings);
  if (config === null) return problems;
  const source =
    config.file === null
      ? 'No configuration file: the built-in defaults, which only log, are in force.\n'
      : `Configuration: ${config.file}\n`;
  const parts = [
    source,
    problems,
    renderLines(config, settings),
    renderSettings(config, settings),
    renderResponse(config),
  ];
  return parts.filter(Boolean).join('\n');
}

function renderFindings(findings: readonly Finding[]): string {
  return findings.map((finding) => `${formatFinding(finding)}\n`).join('');
}

/** A table of key, origin and value. The value is last because a command is long. */
function renderSettings(config: Config, settings: Settings): string {
  const method = plannedMethod(config);
  const blockMethod = method === 'best' ? null : method;
  const resolved: Config = { ...config, modes: startedModes(config), blockMethod };
  const rows = FIELDS.map((field) => {
    const { key } = DIRECTIVES[field];
    const line = settings.get(key)?.line;
    const origin = line === undefined ? 'default' : `line ${line}`;
    return [key, origin, formatField(resolved, field) || '-'];
  });
  return `Settings\n${renderRows(rows, '  ')}`;
}
