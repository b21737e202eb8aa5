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
