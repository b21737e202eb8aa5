/** The shells that have a completion script. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** The name of such a shell. */
export type Shell = (typeof SHELLS)[number];

/** The option that asks for completions; the words of the command line follow it. */
export const ASK_FOR_COMPLETIONS = '--get-yargs-completions';
