import { NotRegular, readRegular } from '../files/read-regular.ts';
import type { Config, ModeName } from './config.ts';
import { checkSettings, crossCheck, type Settings } from './cross-checks.ts';
import { DIRECTIVES, type Directive, FIELDS, type Field } from './directives.ts';
import { absentValue } from './file-of-2x.ts';
import type { Finding, Severity } from './finding.ts';
import { type Entry, lex, shown } from './lexer.ts';
import { startedModes } from './modes.ts';
import { nearest } from './nearest.ts';

/** The configuration file when none is named. */
export const DEFAULT_CONFIG_FILE = '/etc/portsentry/portsentry.conf';

/** The longest file that is read. A device or a log that is named by mistake must not fill the memory. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

/** The result of parsing a text. */
export interface ParsedConfig {
  /** null if and only if one of the findings is an error. */
  readonly config: Config | null;
  /** Sorted by position in the file. */
  readonly findings: readonly Finding[];
  /** The settings of the file, by key. Every other key has its default. */
  readonly settings: Settings;
}

/** The result of loading a file. A file that was read may still contain errors. */
export type LoadResult =
  | ({ readonly status: 'read' } & ParsedConfig)
  /** `reason` is one line for the user: what is wrong, where, and what to do. */
  | { readonly status: 'missing' | 'unreadable'; readonly reason: string };

/**
 * Parses the text of a configuration file. Everything that is wrong with it becomes a finding. `modes` are those that
 * will run; null for those that the file itself starts.
 */
export function parseConfig(
  text: string,
  file: string,
  modes: readonly ModeName[] | null = null,
): ParsedConfig {
  if (Buffer.byteLength(text) > MAX_CONFIG_BYTES) {
    const message = `expected a file of at most ${MAX_CONFIG_BYTES} bytes, found a longer one`;
    return {
      config: null,
      findings: [{ severity: 'error', file, line: 0, column: 0, message }],
      settings: new Map(),
    };
  }
  const lexed = lex(text, file);
  const findings = [...lexed.findings];
  const settings = firstOfEachKey(lexed.entries, file, findings);
  const faults: Fault[] = [];
  const config = resolve(settings, file, faults);
  const running = modes ?? startedModes(config);
  findings.push(...faults.map((fault) => findingOf(fault, file, running)));
  findings.push(...checkSettings(settings, file));
  // While a setting is invalid, the settings cannot be checked together.
  if (!hasError(findings)) findings.push(...crossCheck(config, settings, file, running));
  return { config: hasError(findings) ? null : config, findings: inFileOrder(findings), settings };
}

/** Reads and parses a file. `modes` as in `parseConfig`. */
export function loadConfig(file: string, modes: readonly ModeName[] | null = null): LoadResult {
  let text: string;
  try {
    text = readRegular(file, MAX_CONFIG_BYTES + 1).toString('utf8');
  } catch (error) {
    return unreadable(file, error as NodeJS.ErrnoException);
  }
  return { status: 'read', ...parseConfig(text, file, modes) };
}

/**
 * Reads the named file. Without a name it reads the default file, and if that does not exist it returns the built-in
 * defaults, which only log; `config.file` is null then. `modes` as in `parseConfig`.
 */
export function loadConfigOrDefault(
  named: string | undefined,
  fallback = DEFAULT_CONFIG_FILE,
  modes: readonly ModeName[] | null = null,
): LoadResult {
  const result = loadConfig(named ?? fallback, modes);
  if (named !== undefined || result.status !== 'missing') return result;
  return { status: 'read', config: defaultConfig(), findings: [], settings: new Map() };
}

/** The configuration without a file: portsentry only logs. */
export function defaultConfig(): Config {
  return resolve(new Map(), null, []);
}

/** Sorts findings by their position in the file. */
export function inFileOrder(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/** Of equal keys the first counts, as in 1.x. Unknown keys are ignored. Both produce a warning. */
function firstOfEachKey(entries: readonly Entry[], file: string, findings: Finding[]): Settings {
  const known = FIELDS.map((field) => DIRECTIVES[field].key);
  const settings = new Map<string, Entry>();
  for (const entry of entries) {
    const warn = (message: string) => {
      findings.push({ severity: 'warning', file, line: entry.line, column: entry.keyColumn, message });
    };
    const first = settings.get(entry.key);
    if (!known.includes(entry.key)) {
      warn(unknownKey(entry, known));
    } else if (first !== undefined) {
      warn(`${entry.key} is set again and not read; line ${first.line} counts`);
    } else {
      settings.set(entry.key, entry);
    }
  }
  return settings;
}

/** Keys that name the modes where the service is started. */
const MODE_KEYS: Readonly<Record<string, string>> = {
  TCP_MODE: '/etc/default/portsentry',
  UDP_MODE: '/etc/default/portsentry',
  PORTSENTRY_MODES: '/etc/conf.d/portsentry',
};

function unknownKey({ key, value }: Entry, known: readonly string[]): string {
  const home = MODE_KEYS[key];
  if (home !== undefined) {
    const modes = shown(
      value
        .trim()
        .split(/[\s,]+/)
        .join(','),
    );
    return `${key} is a setting of ${home} and is not read here; in this file MODES=${modes} means the same`;
  }
  const meant = nearest(key, known);
  return `unknown key ${key.slice(0, 60)} is not read${meant === null ? '' : `; did you mean ${meant}?`}`;
}

/** A value that is wrong, or that is taken with a remark. */
interface Fault {
  readonly field: Field;
  readonly entry: Entry;
  readonly severity: Severity;
  readonly offset: number;
  readonly message: string;
}

/** PortSentry 1.2 did not look at the values that its mode did not use, so a wrong one must not keep ours from starting. */
function findingOf(fault: Fault, file: string, running: readonly ModeName[]): Finding {
  const { key, modes } = DIRECTIVES[fault.field];
  const { line, valueColumn } = fault.entry;
  const place = { file, line, column: valueColumn + fault.offset };
  const message = `${key}: ${fault.message}`;
  const isUsed = modes === undefined || modes.some((mode) => running.includes(mode));
  if (isUsed || fault.severity !== 'error') return { severity: fault.severity, ...place, message };
  const unused = `not used by ${running.map((mode) => `-${mode}`).join(' and ')}`;
  return { severity: 'warning', ...place, message: `${message}; ${unused}` };
}

/** The value of every field; where the file has no setting or an invalid one, the value that its absence means. */
function resolve(settings: Settings, file: string | null, faults: Fault[]): Config {
  const values: Partial<Record<keyof Config, unknown>> = { file };
  for (const field of FIELDS) {
    const entry = settings.get(DIRECTIVES[field].key);
    const given = entry === undefined ? undefined : parseEntry(field, entry, faults);
    values[field] = Object.freeze(
      given === undefined ? parsedValue(field, absentValue(field, settings)) : given.value,
    );
  }
  return Object.freeze(values as unknown as Config);
}

function parseEntry<F extends Field>(
  field: F,
  entry: Entry,
  faults: Fault[],
): { value: Config[F] } | undefined {
  const directive: Directive<Config[F]> = DIRECTIVES[field];
  const parsed = directive.kind.parse(entry.value);
  if (parsed.ok) {
    if (parsed.remark !== undefined) faults.push({ field, entry, severity: 'warning', ...parsed.remark });
    return { value: parsed.value };
  }
  const message = `expected ${parsed.expected}, found ${parsed.found}`;
  faults.push({ field, entry, severity: 'error', offset: parsed.offset, message });
  return undefined;
}

function parsedValue<F extends Field>(field: F, text: string): Config[F] {
  const directive: Directive<Config[F]> = DIRECTIVES[field];
  const parsed = directive.kind.parse(text);
  if (!parsed.ok) throw new Error(`the default of ${directive.key} is malformed`);
  return parsed.value;
}

function hasError(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === 'error');
}

function unreadable(file: string, error: NodeJS.ErrnoException): LoadResult {
  if (error.code === 'ENOENT') {
    return { status: 'missing', reason: `${file}: no such file; name one with -c FILE` };
  }
  if (error instanceof NotRegular) return { status: 'unreadable', reason: `${file}: ${error.message}` };
  const why =
    error.code === 'EACCES'
      ? 'no permission to read it; its owner may, or root with CAP_DAC_OVERRIDE'
      : `cannot be read (${error.code})`;
  return { status: 'unreadable', reason: `${file}: ${why}` };
}
