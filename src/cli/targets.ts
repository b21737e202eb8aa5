import { duration } from '../config/values.ts';
import { isListName, LIST_NAME_EXPECTED } from '../firewall/lists/names.ts';
import { parseAddress } from '../net/address.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../net/prefix.ts';
import { CommandError, Exit } from '../preflight/exit.ts';

/** Returns the canonical text of an address or a prefix. Throws usage error 64 for anything else. */
export function readTarget(text: string): string {
  return formatPrefix(readPrefix(text));
}

/** Parses an address or a prefix. `where` starts the message of usage error 64, thrown for anything else. */
export function readPrefix(text: string, where = ''): Prefix {
  const prefix = parsePrefix(text);
  if (prefix !== null) return prefix;
  throw usage(`${where}expected an address or a prefix such as 10.0.0.0/8, found "${text}"`);
}

/** Checks the name of a list. Throws usage error 64 for anything else. */
export function readListName(text: string): string {
  if (isListName(text)) return text;
  throw usage(`--list: expected ${LIST_NAME_EXPECTED}, found "${text}"`);
}

/** Returns the canonical text of an address. Throws usage error 64 for anything else. */
export function readAddress(text: string): string {
  const address = parseAddress(text);
  if (address !== null) return address.toString();
  throw usage(`expected an IPv4 or IPv6 address, found "${text}"`);
}

/** Returns the time of --for in ms: 0 for ever, null when --for is missing. Throws usage error 64. */
export function readDurationMs(text: string | undefined): number | null {
  if (text === undefined) return null;
  const parsed = duration({ forEver: true }).parse(text);
  if (parsed.ok) return parsed.value;
  throw usage(`--for: expected ${parsed.expected}, found ${parsed.found}`);
}

function usage(message: string): CommandError {
  return new CommandError(Exit.usage, message);
}
