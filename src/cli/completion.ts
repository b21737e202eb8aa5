import type { Argv, FallbackCompletionFunction } from 'yargs';
import { ALL, ALL_BUT_LOOPBACK, deviceNames } from '../capture/devices.ts';
import { addressesFor, isAddressExpected } from './completion-addresses.ts';
import { LEGACY_SWITCHES } from './legacy-switches.ts';

/** Returns the completions of `argv`, one on each line. `parser` knows every command except the default one. */
export async function complete(parser: Argv, argv: readonly string[]): Promise<string> {
  const words = argv.slice(1);
  // yargs does not wait for an answer of the daemon.
  if (VALUES[words.at(-2) ?? ''] === undefined && isAddressExpected(words.slice(1)))
    return lines((await addressesFor(words.slice(1))).map(withoutDescription));
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

function lines(words: readonly string[]): string {
  return words.map((word) => `${word}\n`).join('');
}

/** zsh takes what follows a colon for a description. */
function withoutDescription(word: string): string {
  return process.env.SHELL?.endsWith('zsh') === true ? word.replaceAll(':', '\\:') : word;
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
      '-n',
      '--lines',
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
