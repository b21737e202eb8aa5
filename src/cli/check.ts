import { release } from 'node:os';
import type { Config } from '../config/config.ts';
import type { Settings } from '../config/cross-checks.ts';
import { DIRECTIVES, FIELDS, formatField } from '../config/directives.ts';
import { type Finding, formatFinding, type Severity } from '../config/finding.ts';
import { DEFAULT_CONFIG_FILE, inFileOrder, loadConfigOrDefault, type ParsedConfig } from '../config/load.ts';
import { modeNames, startedModes } from '../config/modes.ts';
import { challengeFindings } from '../preflight/check-challenge.ts';
import { folderFindings, ignoreFileFindings } from '../preflight/check-files.ts';
import { notifyFindings } from '../preflight/check-notify.ts';
import { userFindings } from '../preflight/check-user.ts';
import { Exit } from '../preflight/exit.ts';
import { parseModes } from '../preflight/parse-modes.ts';
import { counted } from '../record/counted.ts';
import { legacyFindings } from './check-legacy.ts';
import { renderLines } from './check-lines.ts';
import { listenFindings } from './check-listen.ts';
import { renderResponse } from './check-response.ts';
import { readServiceStart, type StartedModes, startOf } from './check-start.ts';
import type { CheckOptions } from './invocation.ts';
import type { CommandOutput } from './output.ts';
import { renderRows } from './table.ts';

/** The places of files, which tests replace. */
export interface CheckPlaces {
  /** The configuration without -c. Without that file, the built-in defaults are checked. */
  readonly usualFile?: string;
  /** The folder that has /etc/default and /etc/conf.d. */
  readonly root?: string;
}

/**
 * `portsentry check`: prints what the configuration means and what is wrong with it. Returns the exit code. Throws a
 * CommandError (64) for unknown modes.
 */
export async function runCheck(
  { configfile, mode }: CheckOptions,
  output: CommandOutput,
  { usualFile = DEFAULT_CONFIG_FILE, root = '' }: CheckPlaces = {},
): Promise<Exit> {
  const parsed = parseModes(mode);
  const asked = parsed === null ? null : modeNames(parsed);
  const service = asked === null ? readServiceStart(configfile ?? usualFile, root) : null;
  const modes = asked ?? service?.modes ?? null;
  const loaded = loadConfigOrDefault(configfile, usualFile, modes);
  if (loaded.status !== 'read') {
    output.stderr(`portsentry: ${loaded.reason}\n`);
    return Exit.noInput;
  }
  const { config, settings } = loaded;
  const start = config === null ? null : startOf(config, asked, service);
  const rights = process.geteuid?.() === 0;
  const findings = [
    ...inFileOrder([
      ...loaded.findings,
      ...folderFindings(loaded, { modes, rights }),
      ...userFindings(loaded),
      ...notifyFindings(loaded, { rights }),
      ...challengeFindings(loaded, release()),
      ...(start === null ? [] : legacyFindings(loaded, start)),
      ...(await listenFindings(loaded)),
    ]),
    ...ignoreFileFindings(loaded),
    ...(service?.findings ?? []),
  ];
  await output.stdout(renderCheck({ config, findings, settings }, start));
  const errors = ofSeverity(findings, 'error').length;
  if (errors === 0) return Exit.ok;
  output.stderr(`portsentry: ${counted(errors, 'error')} in the configuration: portsentry would not start\n`);
  return Exit.config;
}

/**
 * The full output: what is wrong, what each line does, resolved settings, what will happen to a scanner, and at the end
 * what asks for nothing. A configuration with errors has no meaning, so only the findings are shown.
 */
export function renderCheck(
  { config, findings, settings }: ParsedConfig,
  start: StartedModes | null,
): string {
  const problems = renderFindings(ofSeverity(findings, 'error', 'warning'));
  const notes = renderFindings(ofSeverity(findings, 'note'));
  const remarks = notes === '' ? '' : `For information; nothing to do\n${notes}`;
  if (config === null || start === null) return [problems, remarks].filter(Boolean).join('\n');
  const source =
    config.file === null
      ? 'No configuration file: the built-in defaults, which only log, are in force.\n'
      : `Configuration: ${config.file}\n`;
  const parts = [
    source,
    problems,
    renderLines(config, settings, start),
    renderSettings(config, settings),
    renderResponse(config, start),
    remarks,
  ];
  return parts.filter(Boolean).join('\n');
}

function ofSeverity(findings: readonly Finding[], ...severities: readonly Severity[]): Finding[] {
  return findings.filter(({ severity }) => severities.includes(severity));
}

function renderFindings(findings: readonly Finding[]): string {
  return findings.map((finding) => `${formatFinding(finding)}\n`).join('');
}

/** A table of key, origin and value. The value is last because a command is long. */
function renderSettings(config: Config, settings: Settings): string {
  const resolved: Config = { ...config, modes: startedModes(config) };
  const rows = FIELDS.map((field) => {
    const { key } = DIRECTIVES[field];
    const line = settings.get(key)?.line;
    const origin = line === undefined ? 'default' : `line ${line}`;
    return [key, origin, formatField(resolved, field) || '-'];
  });
  return `Settings\n${renderRows(rows, '  ')}`;
}
