/** A word of a command. */
export interface Word {
  /** As written, with its quotes. */
  readonly raw: string;
  /** Without quotes. Variables and tokens stay as they are. */
  readonly text: string;
}

/** What stands between a command and the next one; empty after the last. */
export type Connector = '&&' | '||' | ';' | '|' | '';

/** A simple command without its redirections. */
export interface SimpleCommand {
  readonly words: readonly Word[];
  /** The command as written, with its redirections. */
  readonly source: string;
  readonly next: Connector;
}

/** Words that begin a compound command. */
const KEYWORDS = /^(?:if|for|while|until|case|function|!|\{|\}|then|do|\[\[)$/;

const BLANK = /[ \t]/;

/**
 * Splits a command line into simple commands, as `/bin/sh` does. Returns null for what is more than a list of them:
 * substitutions, subshells, compound commands, and unclosed quotes.
 */
export function shellCommands(line: string): SimpleCommand[] | null {
  const commands: SimpleCommand[] = [];
  let words: Word[] = [];
  let start = 0;
  let at = 0;
  const end = (next: Connector, length: number): boolean => {
    if (words.length === 0 || KEYWORDS.test(words[0]?.raw ?? '')) return false;
    commands.push({ words, source: line.slice(start, at).trim(), next });
    words = [];
    at += length;
    start = at;
    return true;
  };
  while (at < line.length) {
    const rest = line.slice(at);
    if (BLANK.test(rest[0] as string)) {
      at++;
      continue;
    }
    const redirection = /^(?:\d*(?:>>|>\||[<>])|&>>?)[ \t]*&?/.exec(rest)?.[0];
    if (redirection !== undefined) {
      at += redirection.length;
      const target = readWord(line, at);
      if (target === null || target.raw === '') return null;
      at += target.raw.length;
      continue;
    }
    const connector = /^(?:&&|\|\||;|\||&)/.exec(rest)?.[0];
    if (connector !== undefined) {
      // A command in the background is followed by the next one at once.
      if (!end(connector === '&' ? ';' : (connector as Connector), connector.length)) return null;
      continue;
    }
    const word = readWord(line, at);
    if (word === null || word.raw === '') return null;
    words.push(word);
    at += word.raw.length;
  }
  if (words.length > 0) {
    if (!end('', 0)) return null;
  } else if (commands.at(-1)?.next === ';') commands.push({ ...(commands.pop() as SimpleCommand), next: '' });
  const last = commands.at(-1);
  return last === undefined || last.next !== '' ? null : commands;
}

/** The word at this place; empty if none begins there, null if it is one that this reader does not understand. */
function readWord(line: string, start: number): Word | null {
  let at = start;
  let text = '';
  let quote: '"' | "'" | null = null;
  for (; at < line.length; at++) {
    const char = line[at] as string;
    if (quote !== "'" && (char === '`' || (char === '$' && /[({]/.test(line[at + 1] ?? '')))) return null;
    if (quote === null) {
      if (BLANK.test(char) || /[&|;<>]/.test(char)) break;
      if (/[()\n]/.test(char) || (char === '#' && at === start)) return null;
      if (char === '"' || char === "'") quote = char;
      else if (char === '\\') text += line[++at] ?? '';
      else text += char;
    } else if (char === quote) quote = null;
    else if (quote === '"' && char === '\\' && /["\\$`]/.test(line[at + 1] ?? '')) text += line[++at];
    else text += char;
  }
  return quote === null ? { raw: line.slice(start, at), text } : null;
}
