import yargs, { type Argv, type FallbackCompletionFunction } from 'yargs';
import { ALL, ALL_BUT_LOOPBACK, deviceNames } from '../capture/devices.ts';
import { LEGACY_SWITCHES } from './legacy-switches.ts';

/** The shells that there is a script for. */
export const SHELLS = ['bash', 'zsh'] as const;

export type Shell = (typeof SHELLS)[number];

/** The option by which the scripts ask what may follow; the words of the command line come after it. */
export const ASK_FOR_COMPLETIONS = '--get-yargs-completions';

/** The script by which a shell completes; where none is named, of the one at `login`, a path. */
export function completionScript(shell: Shell | undefined, login: string | undefined): string {
  const chosen = shell ?? (login?.endsWith('/zsh') ? 'zsh' : 'bash');
  const ask = `portsentry ${ASK_FOR_COMPLETIONS}`;
  // What is answered depends on SHELL, which names the user's login shell, not the one that asks.
  return `${yargsScript(chosen).replaceAll(ask, `SHELL=${chosen} ${ask}`)}\n`;
}

/** What may follow the words of `argv`, one a line; `parser` has all commands but the one without a name. */
export async function complete(parser: Argv, argv: readonly string[]): Promise<string> {
  const words = argv.slice(1);
  const choose: FallbackCompletionFunction = (current, _values, defaults, done) => {
    const values = VALUES[words.at(-2) ?? ''];
    if (values !== undefined) done(values());
    else defaults((_error, found = []) => done([...found.filter(isOption), ...switches(words, current)]));
  };
  // The name is of a command that would print the script; ours has a choice of shells.
  parser.completion('print-completion-script', false, choose);
  let printed = '';
  await parser.parseAsync([...argv], {}, (_error, _values, output) => {
    printed = output;
  });
  return printed === '' ? '' : `${printed}\n`;
}

/** The words that may follow an option; where there are none to offer, the shell offers files. */
const VALUES: Readonly<Record<string, () => string[]>> = {
  ...each(['-c', '--configfile', '--home', '--open', '--for', '--why'], () => []),
  ...each(['-i', '--interface'], () => [ALL, ALL_BUT_LOOPBACK, ...deviceNames()]),
  ...each(['--mode'], () => [...LEGACY_SWITCHES].map((name) => name.slice(1))),
};

function each(names: readonly string[], values: () => string[]): Record<string, () => string[]> {
  return Object.fromEntries(names.map((name) => [name, values]));
}

/** What yargs finds, but not `--c`, which it takes for -c. */
function isOption(completion: string): boolean {
  return !/^--[^-](:|$)/.test(completion);
}

/** The switches of PortSentry 1.x, where no command was named that takes no mode. */
function switches(words: readonly string[], current: string): string[] {
  const command = words.slice(1, -1).find((word) => !word.startsWith('-'));
  const fits = /^-(?!-)/.test(current) && (command === undefined || command === 'replay');
  return fits ? [...LEGACY_SWITCHES].filter((word) => word.startsWith(current)) : [];
}

/** yargs looks at the environment to find out which script is wanted. */
function yargsScript(shell: Shell): string {
  const before = { ...process.env };
  let script = '';
  process.env.SHELL = shell;
  delete process.env.ZSH_NAME;
  // It writes to the callback of the parse that is under way; without one, to standard output.
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
