import { nearest } from './nearest.ts';

/** The tokens that are replaced in KILL_ROUTE, KILL_HOSTS_DENY, KILL_RUN_CMD and their like; the last two are new. */
export const TOKENS = ['$TARGET$', '$PORT$', '$MODE$', '$PROTO$', '$KIND$'] as const;

/** A word in a command that looks like a token and is none. */
export interface UnknownToken {
  readonly text: string;
  readonly offset: number;
  /** The token that was probably meant; null when none is near. */
  readonly meant: string | null;
}

/** The words between dollar signs that will not be replaced, each once. The shell's own `$NAME` and `$1` are none. */
export function unknownTokens(command: string): UnknownToken[] {
  // Known ones are blanked out first, so that their dollar signs do not pair with those of a shell variable.
  let rest = command;
  for (const token of TOKENS) rest = rest.replaceAll(token, ' '.repeat(token.length));
  const offsets = new Map<string, number>();
  for (const { 0: text, index } of rest.matchAll(/\$[A-Za-z_]+\$/g)) {
    if (!offsets.has(text)) offsets.set(text, index);
  }
  return [...offsets].map(([text, offset]) => ({ text, offset, meant: nearest(text, TOKENS) }));
}
