import { shown } from '../config/lexer.ts';
import { isListName, LIST_NAME_EXPECTED } from '../firewall/lists/names.ts';
import { parseAddress } from '../net/address.ts';
import { formatPrefix, parsePrefix } from '../net/prefix.ts';
import { oneLine } from '../record/one-line.ts';
import { SORT_KEYS, type SortKey } from '../track/top-slots.ts';
import type { Answer } from './handlers.ts';

/** Every message carries it, because an upgrade may leave client and daemon at different releases. */
export const PROTOCOL_VERSION = 1;

/** The longest request, its line feed included, so that a client cannot fill our memory. */
export const MAX_REQUEST_BYTES = 4_096;

/** A longer note is cut, because it appears in tables, in the ledger and in log lines. */
const MAX_NOTE_CHARS = 200;

/** The longest block that a client can ask for, as in the configuration: ten years. 0 asks for one without end. */
const MAX_BLOCK_TIME_MS = 3_650 * 86_400_000;

/** The most addresses that a session comes from: its connection, and what utmp and logind say of it. */
const MAX_ADDRESSES = 8;

/** The most entries in one part of a list: those of 44 characters fit into a request. */
export const MAX_PART_ENTRIES = 80;
/** The most sources that a client of `watch` is told of, so that each costs little memory and time. */
export const MAX_WATCHED_SOURCES = 500;

/** The longest time to spare an address. `doctor` needs seconds, and a mistake must not last. */
const MAX_SPARE_TIME_MS = 60_000;

/** A checked request: its command and its fields. */
export type Request = { [C in Command]: { readonly command: C } & FieldsOf<C> }[Command];

/** A request, or one line that says what is wrong with it. */
export type ParsedRequest =
  | { readonly ok: true; readonly request: Request }
  | { readonly ok: false; readonly error: string };

/** Why there is no answer: a wrong request, an order that did not succeed (see `Answer`), or the daemon. */
export type Reason = 'request' | 'busy' | 'internal' | Exclude<Answer['outcome'], 'done'>;

/** Parses the line of a request. Never throws. */
export function parseRequest(line: string): ParsedRequest {
  const sent = parseObject(line);
  if (sent === null) return bad(`expected a JSON object on a line, found ${shown(oneLine(line))}`);
  const { version, command, ...given } = sent;
  if (version !== PROTOCOL_VERSION) {
    const expected = `expected "version":${PROTOCOL_VERSION}`;
    return bad(`this daemon speaks version ${PROTOCOL_VERSION}: ${expected}, found ${describe(version)}`);
  }
  if (typeof command !== 'string' || !Object.hasOwn(COMMANDS, command)) {
    return bad(`unknown command ${describe(command)}; there are ${Object.keys(COMMANDS).join(', ')}`);
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

/** The line that says why there is no answer. */
export function formatError(reason: Reason, error: string, more: object = {}): string {
  return `${JSON.stringify({ version: PROTOCOL_VERSION, ok: false, reason, error: oneLine(error), ...more })}\n`;
}

/** The JSON object in a line; null when it holds anything else. Never throws. */
export function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** A type of field. `read` returns undefined for a value that the field cannot have. */
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

const addresses: Field<readonly string[]> = {
  expected: `a list of at most ${MAX_ADDRESSES} addresses`,
  read(value) {
    if (!Array.isArray(value) || value.length > MAX_ADDRESSES) return undefined;
    const found = value.map(address.read);
    return found.every((text) => text !== undefined) ? found : undefined;
  },
};

const beginning: Field<string> = {
  expected: 'the beginning of an address',
  read: (value) => (typeof value === 'string' && /^[0-9a-f:./]{0,49}$/i.test(value) ? value : undefined),
};

const truth: Field<boolean> = {
  expected: 'true or false',
  read: (value) => (typeof value === 'boolean' ? value : undefined),
};

const note: Field<string> = {
  expected: 'a text',
  read(value) {
    if (typeof value !== 'string') return undefined;
    // Through UTF-8, which turns half a character (a lone surrogate) into U+FFFD.
    return oneLine(Buffer.from(value.slice(0, MAX_NOTE_CHARS)).toString());
  },
};

const prefixes: Field<readonly string[]> = {
  expected: `a list of at most ${MAX_PART_ENTRIES} addresses or prefixes`,
  read(value) {
    if (!Array.isArray(value) || value.length > MAX_PART_ENTRIES) return undefined;
    const found = value.map(prefix.read);
    return found.every((text) => text !== undefined) ? found : undefined;
  },
};

const listName: Field<string> = {
  expected: LIST_NAME_EXPECTED,
  read: (value) => (typeof value === 'string' && isListName(value) ? value : undefined),
};

const uploadId: Field<number> = {
  expected: 'the number of an upload',
  read: (value) => (Number.isSafeInteger(value) ? (value as number) : undefined),
};

const sortKey: Field<SortKey> = {
  expected: `one of ${SORT_KEYS.join(', ')}`,
  read: (value) => SORT_KEYS.find((key) => key === value),
};

const COMMANDS = {
  status: {},
  list: {},
  scanners: { since: orNull(whole('ms since the epoch', 0, Number.MAX_SAFE_INTEGER)) },
  watch: { sort: sortKey, limit: whole('sources', 1, MAX_WATCHED_SOURCES) },
  block: {
    target: prefix,
    forMs: orNull(time(MAX_BLOCK_TIME_MS)),
    why: orNull(note),
    session: orNull(addresses),
  },
  unblock: { target: prefix },
  forget: { target: prefix },
  'unblock-all': {},
  why: { address },
  spare: { address, ms: time(MAX_SPARE_TIME_MS) },
  health: {},
  lists: {},
  'list-part': { upload: orNull(uploadId), entries: prefixes },
  'list-load': { list: listName, upload: uploadId, note: orNull(note) },
  'list-unload': { list: listName },
  'list-members': { list: listName },
  metrics: {},
  'notify-test': {},
  addresses: { begin: beginning, known: truth },
} satisfies Record<string, Record<string, Field<unknown>>>;

type Command = keyof typeof COMMANDS;

type FieldsOf<C extends Command> = {
  readonly [F in keyof (typeof COMMANDS)[C]]: (typeof COMMANDS)[C][F] extends Field<infer T> ? T : never;
};

function time(maxMs: number): Field<number> {
  return whole('ms', 0, maxMs);
}

function whole(unit: string, min: number, max: number): Field<number> {
  return {
    expected: `a whole number of ${unit} from ${min} to ${max}`,
    read: (value) =>
      Number.isInteger(value) && (value as number) >= min && (value as number) <= max
        ? (value as number)
        : undefined,
  };
}

/** A field that may be absent or null. */
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
    return bad(`${command}: unknown field ${describe(unknown)}; it takes ${takes}`);
  }
  const fields: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(known)) {
    const value = field.read(given[name]);
    if (value === undefined)
      return bad(`${command}: ${name}: expected ${field.expected}, found ${describe(given[name])}`);
    fields[name] = value;
  }
  return { ok: true, request: { command, ...fields } as Request };
}

function bad(error: string): ParsedRequest {
  return { ok: false, error };
}

/** A value for a message: one line, cut when long; an object or a list only by its type. */
function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return shown(oneLine(value));
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}
