import { duration } from '../config/values.ts';
import { parseAddress } from '../net/address.ts';
import { formatPrefix, parsePrefix } from '../net/prefix.ts';
import { CommandError, Exit } from '../preflight/exit.ts';

/** Canonical text of an address or a prefix; usage error 64 for anything else. */
export function readTarget(text: string): string {
  const prefix = parsePrefix(text);
  if (prefix !== null) return formatPrefix(prefix);
  throw usage(`expected an address or a prefix such as 10.0.0.0/8, found "${text}"`);
}

/** Canonical text of an address; usage error 64 for anything else. */
export function readAddress(text: string): string {
  const address = parseAddress(text);
  if (address !== null) return address.toString();
  throw usage(`expected an IPv4 or IPv6 address, found "${text}"`);
}

/** What --for says in ms, 0 for ever; null when it was not given. Usage error 64 for what is no time. */
export function readTime(text: string | undefined): number | null {
  if (text === undefined) return null;
  const parsed = duration({ forEver: true }).parse(text);
  if (parsed.ok) return parsed.value;
  throw usage(`--for: expected ${parsed.expected}, found ${parsed.found}`);
}

function usage(message: string): CommandError {
  return new CommandError(Exit.usage, message);
}
