import { Kind } from '../classify/kind.ts';
import { shown } from '../config/lexer.ts';
import type { BlockInfo } from '../control/status.ts';
import { formatPrefix, parsePrefix } from '../net/prefix.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { oneLine } from '../record/one-line.ts';
import { describeCause } from './describe-cause.ts';
import { inputName, readInput, STDIN } from './read-input.ts';
import { readTarget } from './targets.ts';

/** The most targets of one call; a named list takes more. */
const MAX_TARGETS = 65_536;

/** A target, and what the line says of it that named it. */
export interface GivenTarget {
  /** Canonical text. */
  readonly target: string;
  /** When its block ends where the line comes from, ms since the epoch; null for never, undefined when it says nothing. */
  readonly until?: number | null;
  readonly note?: string | null;
}

/**
 * The targets of a command line. `-` stands for the lines of standard input: a target, or a line of `portsentry list --json`,
 * with comments after `#`. Throws a CommandError: 64 for a word that is no target, 65 for such a line.
 */
export async function readTargets(
  words: readonly string[],
  input: AsyncIterable<Buffer | string>,
): Promise<GivenTarget[]> {
  const given = new Map<string, GivenTarget>();
  for (const word of words) {
    const found = word === STDIN ? parseLines(await readInput(STDIN, input)) : [{ target: readTarget(word) }];
    for (const each of found) given.set(each.target, each);
  }
  return [...given.values()];
}

function parseLines(text: string): GivenTarget[] {
  const name = inputName(STDIN);
  const lines = text.split(/\r?\n/);
  const found = lines.flatMap((line, index) => {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) return [];
    const target = content.startsWith('{') ? parseListed(content) : parsePlain(content);
    if (target !== null) return [target];
    const expected = 'an address, a prefix or a line of list --json';
    throw bad(`${name}:${index + 1}: expected ${expected}, found ${shown(oneLine(content))}`);
  });
  if (found.length <= MAX_TARGETS) return found;
  throw bad(
    `${name}: at most ${MAX_TARGETS} targets at once, found ${found.length}; block --list takes more`,
  );
}

/** A block of a later release may have another kind. */
const KINDS: ReadonlySet<string> = new Set(Object.keys(Kind));

function parsePlain(text: string): GivenTarget | null {
  const prefix = parsePrefix(text.replace(/#.*$/, '').trim());
  return prefix === null ? null : { target: formatPrefix(prefix) };
}

/** A block of another host, as its `list --json` has it. */
function parseListed(line: string): GivenTarget | null {
  let value: Partial<Record<keyof BlockInfo, unknown>>;
  try {
    value = JSON.parse(line) as typeof value;
  } catch {
    return null;
  }
  const prefix = typeof value.target === 'string' ? parsePrefix(value.target) : null;
  if (prefix === null) return null;
  const until = typeof value.until === 'string' ? Date.parse(value.until) : value.until;
  const end =
    typeof until === 'number' && Number.isFinite(until) ? { until } : until === null ? { until } : {};
  return { target: formatPrefix(prefix), ...end, note: noteOf(value) };
}

function noteOf({ kind, port, note }: Partial<Record<keyof BlockInfo, unknown>>): string | null {
  if (typeof note === 'string') return note;
  if (!KINDS.has(kind as string) || typeof port !== 'number') return null;
  return oneLine(describeCause({ kind: kind as BlockInfo['kind'], port, note: null }));
}

function bad(message: string): CommandError {
  return new CommandError(Exit.dataError, message);
}
