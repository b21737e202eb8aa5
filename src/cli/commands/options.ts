import { MODES_OF_2X } from '../legacy-switches.ts';

/** -c, an option of every command that needs the configuration. */
export const CONFIGURATION = {
  configfile: {
    alias: 'c',
    type: 'string',
    requiresArg: true,
    describe: 'the configuration (default: /etc/portsentry/portsentry.conf)',
  },
} as const;

/** --mode, an option of a run and of `replay`. */
export const MODE = {
  type: 'string',
  array: true,
  nargs: 1,
  default: [] as string[],
  defaultDescription: 'MODES of the configuration, else atcp,audp',
  describe: 'modes to run, such as stcp,sudp; the switches -stcp -sudp mean the same',
} as const;

/** --json, an option of every query. */
export const JSON_OUTPUT = {
  json: { type: 'boolean', default: false, describe: 'print JSON instead of text' },
} as const;

/** The switches of PortSentry 2.x that name modes, options of a run and of `check`. */
export const MODES_2X = {
  stealth: { type: 'boolean', default: false, describe: 'the same as -stcp -sudp, as in PortSentry 2.x' },
  connect: { type: 'boolean', default: false, describe: 'the same as -tcp -udp, as in PortSentry 2.x' },
} as const;

/** The words of --mode, and what the switches of 2.x stand for. */
export function modeWords(values: { mode: string[]; stealth: boolean; connect: boolean }): string[] {
  const { stealth, connect } = MODES_OF_2X;
  return [...values.mode, ...(values.stealth ? [stealth] : []), ...(values.connect ? [connect] : [])];
}

/** Replaces `-` while yargs parses, because yargs drops that word. No path contains a NUL. */
export const STANDARD_INPUT = '\0standard input';

/** The word as it was given. */
export function asGiven(word: string): string {
  return word === STANDARD_INPUT ? '-' : word;
}
