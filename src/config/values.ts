import type { FileMode } from './file-mode.ts';
import { shown } from './lexer.ts';
import { hintOf, nearest } from './nearest.ts';
import { PORT_COUNT, type PortRange, PortSet } from './ports.ts';

/** What the user should know about a value that is taken all the same, and at which offset in the text. */
export interface Remark {
  readonly offset: number;
  readonly message: string;
}

/** The value of a text; or what was expected, what was found, and at which offset in the text. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly remark?: Remark }
  | { readonly ok: false; readonly offset: number; readonly expected: string; readonly found: string };

/** Converts a kind of value from text and back. `parse(format(value))` returns the same value. */
export interface ValueKind<T> {
  parse(text: string): Parsed<T>;
  format(value: T): string;
}

/**
 * Ports and ranges such as `1,7-9`. Blanks around the commas are allowed; an empty list is an empty set. A comma too
 * many is skipped, as in PortSentry 1.2, which split the list with strtok(3).
 */
export const portList: ValueKind<PortSet> = {
  parse(text) {
    if (text.trim() === '') return good(new PortSet());
    const ranges: PortRange[] = [];
    const items = listItems(text);
    const spare = items.find((item) => item.text === '');
    for (const item of items) {
      if (item.text === '' && items.length > 1 && /\d/.test(text)) continue;
      const range = parsePortRange(item.text);
      if (typeof range === 'string') return bad(range, item.text, item.offset);
      ranges.push(range);
    }
    const message = 'this comma has no port on one side, and is skipped';
    return good(PortSet.of(ranges), spare === undefined ? undefined : { offset: spare.offset, message });
  },
  format: (ports) => ports.toString(),
};

/** A whole number from `least` to `most`. */
export function integer(least: number, most: number): ValueKind<number> {
  return {
    parse(text) {
      const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      return value >= least && value <= most ? good(value) : bad(`a number from ${least} to ${most}`, text);
    },
    format: String,
  };
}

/** A number, with or without decimals, from `least` to `most`. */
export function decimal(least: number, most: number): ValueKind<number> {
  return {
    parse(text) {
      const value = /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
      return value >= least && value <= most ? good(value) : bad(`a number from ${least} to ${most}`, text);
    },
    format: String,
  };
}

/** `0` or `1`. */
export const flag: ValueKind<boolean> = {
  parse(text) {
    return text === '0' || text === '1' ? good(text === '1') : bad('"0" or "1"', text);
  },
  format: (value) => (value ? '1' : '0'),
};

/** One of a few words or numbers. */
export function choice<T extends string | number>(...words: readonly T[]): ValueKind<T> {
  const names = words.filter((word) => typeof word === 'string');
  return {
    parse(text) {
      const value = words.find((word) => String(word) === text);
      if (value !== undefined) return good(value);
      return bad(`${oneOf(words)}${hintOf(nearest(text, names))}`, text);
    },
    format: String,
  };
}

/** Makes an empty text valid; its value is null. */
export function optional<T>(kind: ValueKind<T>): ValueKind<T | null> {
  return {
    parse: (text) => (text === '' ? good(null) : kind.parse(text)),
    format: (value) => (value === null ? '' : kind.format(value)),
  };
}

/** Any text that is not blank; `what` names it in messages. */
export function words(what: string): ValueKind<string> {
  return {
    parse: (text) => (text.trim() === '' ? bad(what, text) : good(text)),
    format: (value) => value,
  };
}

/** The path of a file for the textfile collector, which reads no other names. So no other file is replaced by mistake. */
export const promFile: ValueKind<string> = {
  parse: (text) => (text.endsWith('.prom') ? good(text) : bad('a path that ends in .prom', text)),
  format: (value) => value,
};

const UNITS_MS = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const;

/** The longest time: ten years. Beyond that, write "0" for ever. */
const MAX_DURATION_MS = 3650 * UNITS_MS.d;

/** Numbers with units, the largest unit first. */
const DURATION = /^(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/;

interface DurationLimits {
  readonly forEver: boolean;
  readonly maxMs?: number;
}

/**
 * A time such as `90s`, `5m`, `1h30m`, `2d` or `1w`, in milliseconds. A bare number is seconds. With `forEver`, `0` is
 * valid as well.
 */
export function duration({ forEver, maxMs = MAX_DURATION_MS }: DurationLimits): ValueKind<number> {
  const expected =
    maxMs === MAX_DURATION_MS
      ? `a time such as 90s, 5m, 1h30m, 2d or 1w, or a number of seconds, at most 3650d${forEver ? ', or 0 for ever' : ''}`
      : `a time such as 10s, at most ${maxMs / 1000}s`;
  return {
    parse(text) {
      if (text === '0' && forEver) return good(0);
      const match = DURATION.exec(/^\d{1,9}$/.test(text) ? `${text}s` : text);
      if (match === null) return bad(expected, text);
      const lengths = Object.values(UNITS_MS);
      const value = lengths.reduce((sum, length, index) => sum + Number(match[index + 1] ?? 0) * length, 0);
      return value > 0 && value <= maxMs ? good(value) : bad(expected, text);
    },
    format(value) {
      for (const [unit, length] of Object.entries(UNITS_MS)) {
        // The usual way to write one day is 24h, and one week 7d.
        if (unit === 'w' || (unit === 'd' && value === length)) continue;
        if (value > 0 && value % length === 0) return `${value / length}${unit}`;
      }
      return '0';
    },
  };
}

/** The longest name of a network interface: the kernel's IFNAMSIZ without the terminating NUL. */
const MAX_INTERFACE_NAME_CHARACTERS = 15;

/** Names of interfaces, separated by commas or blanks; `ALL` and `ALL_NLO` count as names. */
export const interfaceList: ValueKind<readonly string[]> = {
  parse(text) {
    const names = new Set<string>();
    for (const item of listWords(text)) {
      if (item.text.length > MAX_INTERFACE_NAME_CHARACTERS || /[/:]|^\.{1,2}$/.test(item.text)) {
        return bad('ALL, ALL_NLO or the name of an interface', item.text, item.offset);
      }
      names.add(item.text);
    }
    return names.size > 0 ? good([...names]) : bad('ALL, ALL_NLO or names of interfaces', text);
  },
  format: (names) => names.join(','),
};

/** The name of an account (useradd(8)). */
export const userName: ValueKind<string> = {
  parse(text) {
    return /^[A-Za-z_][\w.-]{0,31}$/.test(text) ? good(text) : bad('the name of a user', text);
  },
  format: (value) => value,
};

/** `0640` or `0640:adm`: the bits that let a class of users read or write a file, and a group. Nobody may execute it. */
export const fileMode: ValueKind<FileMode> = {
  parse(text) {
    const [, digits = '', group = null] = /^0?([0246]{3})(?::([A-Za-z_][\w.-]{0,31}))?$/.exec(text) ?? [];
    if (digits === '') return bad('a mode such as 0640, or with a group 0640:adm', text);
    const bits = Number.parseInt(digits, 8);
    if ((bits & 0o600) !== 0o600) return bad('a mode that lets the owner read and write', text);
    if ((bits & 0o022) !== 0) return bad('a mode that lets nobody else write', text);
    return good({ bits, group });
  },
  format: ({ bits, group }) => `0${bits.toString(8)}${group === null ? '' : `:${group}`}`,
};

/**
 * An address of the web. A message never repeats one that is refused, because it may hold a password, and logs have
 * messages.
 */
export const webAddress: ValueKind<string> = {
  parse(text) {
    const url = URL.canParse(text) ? new URL(text) : null;
    const expected = 'an address that begins with https:// or http://';
    if (url === null || !['http:', 'https:'].includes(url.protocol) || /[^\x21-\x7e]/.test(text))
      return { ok: false, offset: 0, expected, found: text.trim() === '' ? 'nothing' : 'something else' };
    if (url.username === '' && url.password === '') return good(text);
    return {
      ok: false,
      offset: 0,
      expected:
        'an address without a user and a password, which belong into NOTIFY_TOKEN_FILE or NOTIFY_URL_FILE',
      found: 'one with them',
    };
  },
  format: (value) => value,
};

/** An item of a list, and where it begins in the text. */
export interface Item {
  readonly text: string;
  readonly offset: number;
}

/** The words of a list that commas or blanks separate. */
export function listWords(text: string): Item[] {
  return [...text.matchAll(/[^,\s]+/g)].map((match) => ({ text: match[0], offset: match.index }));
}

/** Accepts an item that is one of the known words. The message for any other suggests the word that is nearest. */
export function knownWord<T extends string>({ text, offset }: Item, known: readonly T[]): Parsed<T> {
  const word = known.find((each) => each === text);
  return word === undefined
    ? bad(`${oneOf(known)}${hintOf(nearest(text, known))}`, text, offset)
    : good(word);
}

/** The result for a valid text. */
export function good<T>(value: T, remark?: Remark): Parsed<T> {
  return remark === undefined ? { ok: true, value } : { ok: true, value, remark };
}

/** The result for an invalid text: what was expected, what was found, and where. */
export function bad(expected: string, found: string, offset = 0): Parsed<never> {
  return { ok: false, offset, expected, found: found.trim() === '' ? 'nothing' : shown(found) };
}

/** `"0", "1" or "2"`. */
export function oneOf(words: readonly (string | number)[]): string {
  const quoted = words.map((word) => `"${word}"`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}

/** The items between commas, without blanks around them. The offset of an empty item is that of the comma before it. */
function listItems(text: string): Item[] {
  const items: Item[] = [];
  let offset = 0;
  for (const part of text.split(',')) {
    const item = part.trim();
    items.push({ text: item, offset: item === '' ? Math.max(0, offset - 1) : offset + part.indexOf(item) });
    offset += part.length + 1;
  }
  return items;
}

/** A range, or a text that says what was expected. */
function parsePortRange(text: string): PortRange | string {
  const match = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(text);
  const first = Number(match?.[1] ?? 0);
  const last = Number(match?.[2] ?? first);
  const isPort = (port: number) => port > 0 && port < PORT_COUNT;
  if (!isPort(first) || !isPort(last)) return 'a port from 1 to 65535 or a range such as 7-9';
  return first <= last ? { first, last } : 'a range with its lower port first';
}
