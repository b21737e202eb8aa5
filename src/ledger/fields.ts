import { Kind } from '../classify/kind.ts';
import { BLOCK_METHODS, type BlockMethod, MODE_NAMES, type ModeName } from '../config/config.ts';
import type { BlockCause } from '../firewall/block.ts';
import { formatPrefix, parsePrefix } from '../net/prefix.ts';
import type { Transport } from '../net/protocol.ts';
import type { BlockEnd } from './entry.ts';

/** What an administrator may say about a block, in characters: enough for a reason, too little to fill a disk. */
export const MAX_NOTE_LENGTH = 200;

/** The longest line for hosts.deny that is remembered; a longer one is no pattern for one host any more. */
export const MAX_WRAPPERS_LENGTH = 1_000;

/** An IPv4 address in its canonical form, as most targets are. */
const IPV4 = /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;

/** The longest text of an address with its prefix length. */
const MAX_TARGET_LENGTH = 43;

/** Of the opaque text that names a boot. */
const MAX_BOOT_LENGTH = 200;

/** ECMA-262, section 21.4.1.1: beyond 100,000,000 days from the epoch there is no Date, and to make one throws. */
const MAX_TIME = 8.64e15;

const MAX_PORT = 65_535;

const TRANSPORTS: Readonly<Record<Transport, true>> = {
  tcp: true,
  udp: true,
  sctp: true,
  icmp: true,
  arp: true,
  ip: true,
};

const ENDS: Readonly<Record<BlockEnd, true>> = {
  expired: true,
  unblocked: true,
  failed: true,
  replaced: true,
  spared: true,
  evicted: true,
  decoy: true,
};

/** Control and format characters (a bidirectional override hides what follows it), and Unicode's ends of a line. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** What a hosts.deny line may not hold: it would be two lines. */
const NO_LINE = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** The note without what may not be in it, cut to its bound; null when nothing is left. */
export function cleanNote(note: string | null): string | null {
  if (note === null) return null;
  // What is cut off here could not have come into the first MAX_NOTE_LENGTH printable characters but for filler.
  const characters = [...note.slice(0, 4 * MAX_NOTE_LENGTH).replace(UNPRINTABLE, '')];
  return characters.length === 0 ? null : characters.slice(0, MAX_NOTE_LENGTH).join('');
}

/** The line if it can be remembered, else null. */
export function cleanWrappersLine(line: string | null): string | null {
  return isWrappersLine(line) ? line : null;
}

/** null or a line for hosts.deny. */
export function isWrappersLine(value: unknown): value is string | null {
  if (value === null) return true;
  return typeof value === 'string' && value.length <= MAX_WRAPPERS_LENGTH && !NO_LINE.test(value);
}

/** The canonical text of an address or a prefix. */
export function isTarget(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_TARGET_LENGTH) return false;
  if (IPV4.test(value)) return true;
  const prefix = parsePrefix(value);
  return prefix !== null && formatPrefix(prefix) === value;
}

/** Ms since the epoch, of which a Date can be made. */
export function isTime(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= MAX_TIME;
}

/** A whole number that is not negative. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** A text to compare boots by. */
export function isBoot(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_BOOT_LENGTH;
}

export function isMode(value: unknown): value is ModeName {
  return MODE_NAMES.some((mode) => mode === value);
}

export function isMethod(value: unknown): value is BlockMethod {
  return BLOCK_METHODS.some((method) => method === value);
}

export function isEnd(value: unknown): value is BlockEnd {
  return isWord(ENDS, value);
}

/** A kind of probe, or `manual`. */
export function isCauseKind(value: unknown): value is BlockCause['kind'] {
  return value === 'manual' || (isWord(Kind, value) && value !== 'none');
}

export function isTransport(value: unknown): value is Transport {
  return isWord(TRANSPORTS, value);
}

/** A port number; 0 of a block by hand. */
export function isPort(value: unknown): value is number {
  return isCount(value) && value <= MAX_PORT;
}

function isWord(words: object, value: unknown): boolean {
  return typeof value === 'string' && Object.hasOwn(words, value);
}
