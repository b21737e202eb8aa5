import { existsSync } from 'node:fs';
import type { Config, ModeName } from '../config/config.ts';
import type { Finding } from '../config/finding.ts';
import { MAX_CONFIG_BYTES } from '../config/load.ts';
import { modeNames, startedModes } from '../config/modes.ts';
import { readRegular } from '../files/read-regular.ts';
import { CommandError } from '../preflight/exit.ts';
import { parseModes } from '../preflight/parse-modes.ts';
import { expandLegacySwitches, MODES_OF_2X } from './legacy-switches.ts';

/** What says so where nothing names modes. */
export const DEFAULT = 'the default';

/** The modes that run, and what says so. */
export interface StartedModes {
  readonly modes: readonly ModeName[];
  /** `MODES`, `the command line`, `the default` or the path of the service's file. */
  readonly by: string;
}

/** What the host's service starts. */
export interface ServiceStart {
  readonly file: string;
  /** null if the file leaves the modes to the configuration, or if the service cannot start with its modes. */
  readonly modes: readonly ModeName[] | null;
  readonly findings: readonly Finding[];
}

/** The file that an init script reads, and the names of its settings. */
interface ServiceFile {
  readonly path: string;
  /** The settings that name modes, with what the init script takes for a missing one. */
  readonly modes: Readonly<Record<string, string>>;
  readonly config: string;
  readonly options: string;
  /** A program that shows that this init system starts the services. */
  readonly proof: string | null;
}

const SERVICE_FILES: readonly ServiceFile[] = [
  {
    path: '/etc/conf.d/portsentry',
    modes: { PORTSENTRY_MODES: '' },
    config: 'PORTSENTRY_CONFIG',
    options: 'PORTSENTRY_OPTS',
    proof: '/sbin/openrc-run',
  },
  {
    path: '/etc/default/portsentry',
    modes: { TCP_MODE: 'atcp', UDP_MODE: 'audp' },
    config: 'CONFIG',
    options: 'OPTIONS',
    proof: null,
  },
];

/** The modes that a start with this configuration runs, unless its command line names others. */
export function startOf(
  config: Config,
  asked: readonly ModeName[] | null,
  service: ServiceStart | null,
): StartedModes {
  if (asked !== null) return { modes: asked, by: 'the command line' };
  if (service?.modes) return { modes: service.modes, by: service.file };
  return { modes: startedModes(config), by: config.modes.length > 0 ? 'MODES' : DEFAULT };
}

/**
 * Reads what the host's service starts from /etc/conf.d/portsentry or /etc/default/portsentry; null if there is neither.
 * `checked` is the configuration that is being checked. `root` replaces the root folder in tests.
 */
export function readServiceStart(checked: string, root = ''): ServiceStart | null {
  const there = SERVICE_FILES.filter(({ path }) => existsSync(root + path));
  const chosen = there.find(({ proof }) => proof === null || there.length === 1 || existsSync(root + proof));
  return chosen === undefined ? null : readServiceFile(chosen, root + chosen.path, checked);
}

function readServiceFile(service: ServiceFile, file: string, checked: string): ServiceStart {
  let text: string;
  try {
    text = readRegular(file, MAX_CONFIG_BYTES).toString('utf8');
  } catch (error) {
    const { code, message: why } = error as NodeJS.ErrnoException;
    const message = `cannot be read (${code ?? why}), so the modes that the service starts are not known`;
    return { file, modes: null, findings: [{ severity: 'warning', file, line: 0, column: 0, message }] };
  }
  const settings = shellSettings(text);
  const findings: Finding[] = [];
  const warn = (name: string, message: string) => {
    findings.push({ severity: 'warning', file, line: settings.get(name)?.line ?? 0, column: 1, message });
  };
  const named = Object.entries(service.modes).flatMap(([name, missing]) =>
    wordsOf(settings.get(name)?.value ?? missing),
  );
  const options = wordsOf(settings.get(service.options)?.value ?? '');
  const modes = modesOrWarning([...named, ...modesOfOptions(options)], (message) =>
    warn(Object.keys(service.modes)[0] as string, `${message}; the service would not start`),
  );
  const config = settings.get(service.config)?.value ?? '';
  if (config !== '' && config !== checked)
    warn(
      service.config,
      `${service.config}: the service reads ${config}, which is not the file checked here`,
    );
  return { file, modes, findings };
}

function modesOrWarning(
  words: readonly string[],
  warn: (message: string) => void,
): readonly ModeName[] | null {
  try {
    const modes = parseModes(words);
    return modes === null ? null : modeNames(modes);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    warn(error.message);
    return null;
  }
}

/** The modes among the options of a command line. */
function modesOfOptions(options: readonly string[]): string[] {
  const words = expandLegacySwitches(options);
  return words.flatMap((word, index) => {
    if (word === '--mode') return words[index + 1] ?? [];
    if (word === '--stealth' || word === '--connect')
      return MODES_OF_2X[word.slice(2) as keyof typeof MODES_OF_2X];
    return word.startsWith('--mode=') ? word.slice('--mode='.length) : [];
  });
}

function wordsOf(value: string): string[] {
  return value.split(/\s+/).filter((word) => word !== '');
}

interface Setting {
  readonly value: string;
  readonly line: number;
}

/** The plain assignments of a shell file; the last of a name counts. Values with other variables in them are left out. */
function shellSettings(text: string): Map<string, Setting> {
  const settings = new Map<string, Setting>();
  for (const [index, line] of text.split('\n').entries()) {
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)=("([^"]*)"|'([^']*)'|[^\s#;]*)/.exec(line);
    if (match === null) continue;
    const value = match[3] ?? match[4] ?? match[2] ?? '';
    if (match[4] === undefined && value.includes('$')) settings.delete(match[1] as string);
    else settings.set(match[1] as string, { value, line: index + 1 });
  }
  return settings;
}
