import { shown } from '../config/lexer.ts';
import { parseAddress } from '../net/address.ts';
import { formatPrefix, parsePrefix } from '../net/prefix.ts';
import { oneLine } from '../record/one-line.ts';
import type { Answer } from './handlers.ts';

/** Client and daemon may be of different releases after an upgrade: they say which protocol they mean. */
export const PROTOCOL_VERSION = 1;

/** The longest request in octets, its end of line included: a client that sends without end fills no memory. */
export const MAX_REQUEST_LENGTH = 4_096;

/** A note stands in tables, in the ledger and in log lines; it is cut to so many characters. */
export const MAX_NOTE_LENGTH = 200;

/** The longest block that can be asked for (ms), as in the configuration: ten years. Longer is 0, for ever. */
const MAX_BLOCK_TIME = 3_650 * 86_400_000;

/** The longest time (ms) for which an address can be spared: `doctor` takes seconds, and a slip must not last. */
const MAX_SPARE_TIME = 60_000;

/** One request, checked: its command and its fields. */
export type Request = { [C in Command]: { readonly command: C } & FieldsOf<C> }[Command];

/** A request, or what is wrong with it in one line. */
export type ParsedRequest =
  | { readonly ok: true; readonly request: Request }
  | { readonly ok: false; readonly error: string };

/** What is wrong when there is no answer: with the request, with the order (see `Answer`), or with the daemon. */
export type Reason = 'request' | 'busy' | 'internal' | Exclude<Answer['outcome'], 'done'>;

/** Reads a request from its line. Never throws. */
export function parseRequest(line: string): ParsedRequest {
  const sent = parseObject(line);
  if (sent === null) return bad(`expected a JSON object on a line, found ${shown(oneLine(line))}`);
  const { version, command, ...given } = sent;
  if (version !== PROTOCOL_VERSION) {
    const expected = `expected "version":${PROTOCOL_VERSION}`;
    return bad(`this daemon speaks version ${PROTOCOL_VERSION}: ${expected}, found ${tell(version)}`);
  }
  if (typeof command !== 'string' || !Object.hasOwn(COMMANDS, command)) {
    return bad(`unknown command ${tell(command)}; there are ${Object.keys(COMMANDS).join(', ')}`);
  }
  return parseFields(command as Command, given);
}

/** The line of a request. */
export function formatRequest(request: Request): string {
  return `${JSON.stringify({ version: PROTOCOL_VERSION, ...request })}\n`;
}

/** The line of an answer. */
export function formatAnswer(fields: object): string {
  return `${JSON.stringify({ version: PROTOCOL_VERSION, ok: true, ...fields })}\n`;
}

/** The line that says that there is no answer, and why. */
export function formatError(reason: Reason, error: string): string {
  return `${JSON.stringify({ version: PROTOCOL_VERSION, ok: false, reason, error: oneLine(error) })}\n`;
}

/** The JSON object that a line holds; null when it holds anything else. Never throws. */
export function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** What a field may hold; `read` gives undefined for anything else. */
interface Field<T> {
  readonly expected: string;
  read(value: unknown): T | undefined;
}

const prefix: Field<string> = {
  expected: 'an address or a prefix such as 10.0.0.0/8',
  read(value) {
    const parsed = typeof value === 'string' ? parsePrefix(value) : null;
    return parsed === null ? undefined : formatPrefix(parsed);
  },
};

const address: Field<string> = {
  expected: 'an IPv4 or IPv6 address',
  read: (value) => (typeof value === 'string' ? parseAddress(value)?.toString() : undefined),
};

const note: Field<string> = {
  expected: 'a text',
  read(value) {
    if (typeof value !== 'string') return undefined;
    // By way of UTF-8, so that half a character (a lone surrogate) becomes U+FFFD.
    return oneLine(Buffer.from(value.slice(0, MAX_NOTE_LENGTH)).toString());
  },
};

const COMMANDS = {
  status: {},
  list: {},
  block: { target: prefix, forMs: orNull(time(MAX_BLOCK_TIME)), why: orNull(note) },
  unblock: { target: prefix },
  'unblock-all': {},
  why: { address },
  spare: { address, ms: time(MAX_SPARE_TIME) },
  health: {},
} satisfies Record<string, Record<string, Field<unknown>>>;

type Command = keyof typeof COMMANDS;

type FieldsOf<C extends Command> = {
  readonly [F in keyof (typeof COMMANDS)[C]]: (typeof COMMANDS)[C][F] extends Field<infer T> ? T : never;
};

function time(most: number): Field<number> {
  return {
    expected: `a whole number of ms from 0 to ${most}`,
    read: (value) =>
      Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most
        ? (value as number)
        : undefined,
  };
}

/** A field that may be left out or null. */
function orNull<T>({ expected, read }: Field<T>): Field<T | null> {
  return {
    expected: `${expected}, or null`,
    read: (value) => (value === undefined || value === null ? null : read(value)),
  };
}

function parseFields(command: Command, given: Readonly<Record<string, unknown>>): ParsedRequest {
  const known: Readonly<Record<string, Field<unknown>>> = COMMANDS[command];
  const names = Object.keys(known);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const takes = names.length === 0 ? 'no field' : names.join(', ');
    return bad(`${command}: unknown field ${tell(unknown)}; it takes ${takes}`);
  }
  const fields: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(known)) {
    const value = field.read(given[name]);
    if (value === undefined)
      return bad(`${command}: ${name}: expected ${field.expected}, found ${tell(given[name])}`);
    fields[name] = value;
  }
  return { ok: true, request: { command, ...fields } as Request };
}

function bad(error: string): ParsedRequest {
  return { ok: false, error };
}

/** A value as it was sent, on one line and cut; of an object or a list only that it is one. */
function tell(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return shown(oneLine(value));
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}
