import type { Invocation } from './invocation.ts';

/** Files of a plain command line: yargs takes other words for options or their values, or takes quotes off them. */
const PLAIN_FILE = /^(?!true$|false$)[\w/.][\w/.,:@+ -]*$/;

/** The switches that a plain command line may have, with what they set. */
const SWITCHES: Readonly<Record<string, readonly [name: string, value: string | boolean]>> = {
  '--format=text': ['format', 'text'],
  '--format=json': ['format', 'json'],
  '--format=none': ['format', 'none'],
  '--summary': ['summary', 'text'],
  '--summary=text': ['summary', 'text'],
  '--summary=json': ['summary', 'json'],
  '--summary=none': ['summary', 'none'],
  '--no-summary': ['summary', 'none'],
  '--no-time': ['time', false],
  '--no-infer-open': ['inferOpen', false],
  '--no-checksum': ['checksum', false],
  '--disable-local-check': ['localCheck', false],
  '-L': ['localCheck', false],
};

type Replay = Extract<Invocation, { command: 'replay' }>;

const DEFAULTS = {
  command: 'replay',
  configfile: undefined,
  mode: [],
  home: undefined,
  open: undefined,
  inferOpen: true,
  checksum: true,
  format: 'text',
  summary: 'text',
  top: 10,
  time: true,
  localCheck: true,
  since: undefined,
  until: undefined,
  port: undefined,
  source: undefined,
  extract: undefined,
  act: false,
} as const;

/**
 * A `replay` of files with the usual switches, the same as yargs would read it; null for any other command line. To load
 * yargs and to run it takes as long as to read a capture of 100 MB.
 */
export function plainReplay([command, ...words]: readonly string[]): Replay | null {
  if (command !== 'replay') return null;
  const files: string[] = [];
  const set = new Map<string, string | boolean>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (!word.startsWith('-')) {
      if (!PLAIN_FILE.test(word)) return null;
      files.push(word);
      continue;
    }
    const change = SWITCHES[word === '--format' ? `--format=${words[++at]}` : word];
    // What is given twice has rules of its own.
    if (change === undefined || set.has(change[0])) return null;
    set.set(...change);
  }
  return files.length === 0 ? null : { ...DEFAULTS, ...Object.fromEntries(set), files };
}
