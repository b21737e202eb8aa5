import yargs, { type Argv, type FallbackCompletionFunction } from 'yargs';
import { ALL, ALL_BUT_LOOPBACK, deviceNames } from '../capture/devices.ts';
import { LEGACY_SWITCHES } from './legacy-switches.ts';
import { ASK_FOR_COMPLETIONS, type Shell } from './shells.ts';

/** Returns the completion script of `shell`, or of the login shell at the path `login` when `shell` is missing. */
export function completionScript(shell: Shell | undefined, login: string | undefined): string {
  const chosen = shell ?? (login?.endsWith('/zsh') ? 'zsh' : 'bash');
  const ask = `portsentry ${ASK_FOR_COMPLETIONS}`;
  // yargs answers for the shell in SHELL, which is the login shell and not the one that asks.
  return `${yargsScript(chosen).replaceAll(ask, `SHELL=${chosen} ${ask}`)}\n`;
}

/** Returns the completions of `argv`, one on each line. `parser` knows every command except the default one. */
export async function complete(parser: Argv, argv: readonly string[]): Promise<string> {
  const words = argv.slice(1);
  const choose: FallbackCompletionFunction = (current, _values, defaults, done) => {
    const values = VALUES[words.at(-2) ?? ''];
    if (values !== undefined) done(values());
    else defaults((_error, found = []) => done([...found.filter(isOption), ...switches(words, current)]));
  };
  // yargs adds a command of this name that prints the script; `portsentry completion` replaces it.
  parser.completion('print-completion-script', false, choose);
  let printed = '';
  await parser.parseAsync([...argv], {}, (_error, _values, output) => {
    printed = output;
  });
  return printed === '' ? '' : `${printed}\n`;
}

/** The values that may follow an option. When the list is empty, the shell offers files. */
const VALUES: Readonly<Record<string, () => string[]>> = {
  ...each(
    [
      '-c',
      '--configfile',
      '--home',
      '--open',
      '--for',
      '--why',
      '--prefix',
      '--root',
      '--program',
      '--extract',
      '--since',
      '--until',
      '--port',
      '--source',
      '--top',
      '--html',
      '--limit',
    ],
    () => [],
  ),
  ...each(['-i', '--interface'], () => [ALL, ALL_BUT_LOOPBACK, ...deviceNames()]),
  ...each(['--mode'], () => [...LEGACY_SWITCHES].map((name) => name.slice(1))),
};

function each(names: readonly string[], values: () => string[]): Record<string, () => string[]> {
  return Object.fromEntries(names.map((name) => [name, values]));
}

/** Drops `--c`, which yargs offers for the alias -c. */
function isOption(completion: string): boolean {
  return !/^--[^-](:|$)/.test(completion);
}

/** The switches of PortSentry 1.x, offered only with commands that take a mode. */
function switches(words: readonly string[], current: string): string[] {
  const command = words.slice(1, -1).find((word) => !word.startsWith('-'));
  const fits = /^-(?!-)/.test(current) && (command === undefined || command === 'replay');
  return fits ? [...LEGACY_SWITCHES].filter((word) => word.startsWith(current)) : [];
}

/** yargs chooses the script by the environment. */
function yargsScript(shell: Shell): string {
  const before = { ...process.env };
  let script = '';
  process.env.SHELL = shell;
  delete process.env.ZSH_NAME;
  // showCompletionScript passes the script to the callback of the running parse, or else prints it.
  const parser = yargs().scriptName('portsentry');
  const print = () => {
    parser.showCompletionScript();
  };
  parser.command('*', false, {}, print).parse([], {}, (_error, _values, output) => {
    script = output;
  });
  Object.assign(process.env, before);
  return script;
}
