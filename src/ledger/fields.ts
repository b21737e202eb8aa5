import { Kind } from '../classify/kind.ts';
import { BLOCK_METHODS, MODE_NAMES, type ModeName } from '../config/config.ts';
import type { BlockCause } from '../firewall/block.ts';
import { formatPrefix, parsePrefix } from '../net/prefix.ts';
import type { Transport } from '../net/protocol.ts';
import type { BlockEnd, LedgerMethod } from './entry.ts';

/** Characters of an administrator's note: enough for a reason, too few to fill a disk. */
const MAX_NOTE_LENGTH = 200;

/** Characters of a line for hosts.deny. A longer one is no pattern for one host. */
const MAX_WRAPPERS_LENGTH = 1_000;

/** A canonical IPv4 address, as most targets are. */
const IPV4 = /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;

/** The longest text of an IPv6 address with its prefix length. */
const MAX_TARGET_LENGTH = 43;

/** Characters of a boot identity. */
const MAX_BOOT_LENGTH = 200;

/** ECMA-262, section 21.4.1.1: 100,000,000 days from the epoch. toISOString throws on a Date beyond it. */
const MAX_TIME_MS = 8.64e15;

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
  forgotten: true,
  failed: true,
  replaced: true,
  spared: true,
  evicted: true,
  decoy: true,
};

/** Control and format characters (a bidirectional override hides what follows it), and Unicode line ends. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Characters that a line for hosts.deny may not contain: they would make it two lines. */
const NOT_IN_A_LINE = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** The note without unprintable characters, cut to 200 characters; null when nothing is left. */
export function cleanNote(note: string | null): string | null {
  if (note === null) return null;
  // This cut bounds the work; only a note that is mostly unprintable could lose printable characters by it.
  const characters = [...note.slice(0, 4 * MAX_NOTE_LENGTH).replace(UNPRINTABLE, '')];
  return characters.length === 0 ? null : characters.slice(0, MAX_NOTE_LENGTH).join('');
}

/** The line if it is valid, else null. */
export function cleanWrappersLine(line: string | null): string | null {
  return isWrappersLine(line) ? line : null;
}

/** Whether the value is null or a line for hosts.deny. */
export function isWrappersLine(value: unknown): value is string | null {
  if (value === null) return true;
  return typeof value === 'string' && value.length <= MAX_WRAPPERS_LENGTH && !NOT_IN_A_LINE.test(value);
}

/** Whether the value is the canonical text of an address or a prefix. */
export function isTarget(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_TARGET_LENGTH) return false;
  if (IPV4.test(value)) return true;
  const prefix = parsePrefix(value);
  return prefix !== null && formatPrefix(prefix) === value;
}

/** Whether the value is a time in ms since the epoch that a Date can represent. */
export function isTime(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= MAX_TIME_MS;
}

/** Whether the value is a safe integer that is not negative. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether the value can be a boot identity. */
export function isBoot(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_BOOT_LENGTH;
}

/** Whether the value names a mode. */
export function isMode(value: unknown): value is ModeName {
  return MODE_NAMES.some((mode) => mode === value);
}

/** Whether the value names what holds a block. */
export function isMethod(value: unknown): value is LedgerMethod {
  return value === 'hosts.deny' || BLOCK_METHODS.some((method) => method === value);
}

/** Whether the value names a way in which a block ends. */
export function isEnd(value: unknown): value is BlockEnd {
  return isWord(ENDS, value);
}

/** Whether the value names a kind of probe, or is `manual`. */
export function isCauseKind(value: unknown): value is BlockCause['kind'] {
  return value === 'manual' || (isWord(Kind, value) && value !== 'none');
}

/** Whether the value names a transport. */
export function isTransport(value: unknown): value is Transport {
  return isWord(TRANSPORTS, value);
}

/** Whether the value is a port number; a manual block has port 0. */
export function isPort(value: unknown): value is number {
  return isCount(value) && value <= MAX_PORT;
}

function isWord(words: object, value: unknown): boolean {
  return typeof value === 'string' && Object.hasOwn(words, value);
}
