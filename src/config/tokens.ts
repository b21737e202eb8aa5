import { nearest } from './nearest.ts';

/** The tokens that are replaced in KILL_ROUTE and the other commands. PortSentry 1.x did not know the last two. */
export const TOKENS = ['$TARGET$', '$PORT$', '$MODE$', '$PROTO$', '$KIND$'] as const;

/** A word in a command that looks like a token but is not one. */
export interface UnknownToken {
  readonly text: string;
  /** Where it begins in the command. */
  readonly offset: number;
  /** The token that the user probably meant; null when none is near. */
  readonly meant: string | null;
}

/** The words between dollar signs that are not replaced, each once. The shell's `$NAME` and `$1` do not count. */
export function unknownTokens(command: string): UnknownToken[] {
  // Blank out the known tokens first, so that their dollar signs do not pair with those of a shell variable.
  let rest = command;
  for (const token of TOKENS) rest = rest.replaceAll(token, ' '.repeat(token.length));
  const offsets = new Map<string, number>();
  for (const { 0: text, index } of rest.matchAll(/\$[A-Za-z_]+\$/g)) {
    if (!offsets.has(text)) offsets.set(text, index);
  }
  return [...offsets].map(([text, offset]) => ({ text, offset, meant: nearest(text, TOKENS) }));
}
