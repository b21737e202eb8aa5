import { hintOf, nearest } from '../config/nearest.ts';
import { LEGACY_SWITCHES } from './legacy-switches.ts';

/** What the command line might have meant: the commands, and the options of the command that was found. */
export interface KnownWords {
  readonly commands: readonly string[];
  /** Names without dashes; a name of one letter follows one dash. */
  readonly options: readonly string[];
  /** The names of its arguments that are no options. */
  readonly positionals: readonly string[];
}

/** Words that administrators try, and what does it. portsentry itself is the daemon, so an init system starts it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  start: 'systemctl start portsentry, or service portsentry start',
  stop: 'systemctl stop portsentry, or service portsentry stop',
  restart: 'systemctl restart portsentry, or service portsentry restart',
  reload: 'systemctl reload portsentry, or kill -HUP and the process ID',
  run: 'portsentry without a command',
  version: 'portsentry --version',
};

/**
 * Says what is wrong with a command line, and names the nearest known word. `message` is what yargs says of it in
 * English, `words` is the command line.
 */
export function explainUsage(message: string, words: readonly string[], known: KnownWords): string {
  const joined = words.find((word) => isUnknownGroup(word, known.options));
  if (joined !== undefined) return unknownOption(joined, known.options);
  const unknown = /^Unknown arguments?: (.*)$/s.exec(message)?.[1]?.split(', ');
  if (unknown !== undefined) return explainUnknown(unknown, words, known);
  const invalid = /Argument: (\S+), Given: (.*), Choices: (.*)/.exec(message);
  if (invalid === null) return message;
  const [, name = '', given = '', choices = ''] = invalid;
  const values = choices.split(', ');
  const expected = `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
  const hint = hintOf(nearest(unquoted(given), values.map(unquoted)));
  return `${known.positionals.includes(name) ? name : dashed(name)}: expected ${expected}, found ${given}${hint}`;
}

/** Letters behind one dash, of which some are no option: a misspelt mode of 1.x, or a long option with one dash. */
function isUnknownGroup(word: string, options: readonly string[]): boolean {
  if (!/^-[a-z]{2,}$/i.test(word) || LEGACY_SWITCHES.has(word)) return false;
  return [...word.slice(1)].some((letter) => !options.includes(letter));
}

function explainUnknown(unknown: readonly string[], words: readonly string[], known: KnownWords): string {
  const command = words.find((word) => known.commands.includes(word));
  const word = unknown.find((name) => words.includes(name));
  const option = words.find((each) => each.startsWith('-') && unknown.includes(nameOf(each)));
  // With a misspelt command all of its options are unknown, too.
  if (option !== undefined && (word === undefined || command !== undefined))
    return unknownOption(option, known.options);
  const mode = words.find((each) => LEGACY_SWITCHES.has(each));
  if (word === undefined || command !== undefined)
    return `${command ?? 'portsentry'} does not take ${word ?? mode ?? unknown[0]}`;
  const hint = hintOf(nearest(word, known.commands));
  const elsewhere = Object.hasOwn(ELSEWHERE, word) ? ELSEWHERE[word] : undefined;
  if (elsewhere !== undefined) return `there is no command "${word}"; use ${elsewhere}`;
  const all = hint === '' ? `; the commands are ${known.commands.join(', ')}` : hint;
  return `unknown command "${word}"${all}`;
}

function unknownOption(word: string, options: readonly string[]): string {
  const [written = ''] = word.split('=', 1);
  const long = options.filter((name) => name.length > 1).map(dashed);
  const candidates = [...long, ...long.map((name) => name.replace('--', '--no-')), ...LEGACY_SWITCHES];
  const plain = (name: string) => name.replace(/^-+/, '');
  const near = nearest(plain(written), candidates.map(plain));
  const meant = candidates.find((name) => plain(name) === near);
  return `unknown option ${written}${hintOf(meant ?? null)}`;
}

/** The name that yargs has for an option as it was written: `--no-x=1` is `x`. */
function nameOf(word: string): string {
  const [name = ''] = word.replace(/^-+/, '').split('=', 1);
  return name.replace(/^no-/, '');
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

function unquoted(value: string): string {
  return value.replaceAll('"', '');
}
