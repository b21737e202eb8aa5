import { shown } from '../config/lexer.ts';
import { MAX_LIST_ENTRIES } from '../firewall/lists/names.ts';
import { formatPrefix, parsePrefix } from '../net/prefix.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { oneLine } from '../record/one-line.ts';

/** A comment reaches from one of these to the end of the line. */
const COMMENT = /[#;].*$/;

/**
 * Reads a list: a prefix on each line with comments after `#` or `;`, as in FireHOL's and the older Spamhaus lists, or the
 * JSON lines of Spamhaus DROP, such as `{"cidr":"192.0.2.0/24","sblid":"SBL1"}`, or of `portsentry list --json`. Returns
 * canonical texts, each once. `name` starts the message of the CommandError (65) for a line
 * that is none of these, and for a list without entries.
 */
export function parseList(text: string, name: string): string[] {
  const targets = new Set<string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const target = targetOf(line.trim());
    if (target === null) continue;
    const prefix = parsePrefix(target);
    if (prefix === null) {
      throw bad(`${name}:${index + 1}: expected an address or a prefix, found ${shown(oneLine(target))}`);
    }
    targets.add(formatPrefix(prefix));
    if (targets.size > MAX_LIST_ENTRIES) throw bad(`${name}: a list has at most ${MAX_LIST_ENTRIES} entries`);
  }
  // A download that failed must not free everybody.
  if (targets.size === 0) throw bad(`${name} has no entries; unblock --list takes a list away`);
  return [...targets];
}

/** What stands for the target in a line; null when the line has none. */
function targetOf(line: string): string | null {
  if (line.startsWith('{')) return targetInJson(line);
  const text = line.replace(COMMENT, '').trim();
  return text === '' ? null : text;
}

/** The `cidr` or the `target` of a JSON line. The line of DROP that describes the list has a `type` instead. */
function targetInJson(line: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return line;
  }
  const { cidr, target = cidr, type } = value as Readonly<Record<string, unknown>>;
  if (target === undefined && typeof type === 'string') return null;
  return typeof target === 'string' ? target : line;
}

function bad(message: string): CommandError {
  return new CommandError(Exit.dataError, message);
}
