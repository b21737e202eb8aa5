import { closeSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';
import { Address } from '../net/address.ts';

/** One read of a /proc file; the kernel gives whole rows, as many as fit. */
const READ_LENGTH = 65_536;

/** No row of /proc/net/tcp or tcp6, the heading included, is shorter. */
const MIN_ROW_LENGTH = 128;

/** A table larger than this is not read further: 100,000 sockets, a bound on the time one look costs. */
const MAX_TABLE_LENGTH = 16 * 1024 * 1024;

/** The state of a listening TCP socket in /proc/net/tcp. */
const STATE_LISTEN = '0A';

const LITTLE_ENDIAN = endianness() === 'LE';
const buffer = Buffer.alloc(READ_LENGTH);

/** A local address and port that a socket holds. */
export interface BoundSocket {
  readonly address: Address;
  readonly port: number;
}

/**
 * The listening sockets of /proc/net/tcp or tcp6. The kernel lists them before all others, so reading stops at
 * the first row that is none: a host with 100,000 connections costs no more than an idle one. (It costs 5 ms on
 * an idle one all the same: behind the last listener the kernel walks its whole hash of connections. With `most`
 * less than the number of listeners it is spared that walk.)
 */
export function readListeners(file: string, most = Number.POSITIVE_INFINITY): BoundSocket[] {
  const sockets: BoundSocket[] = [];
  forEachRow(file, most, (local, state) => {
    if (state !== STATE_LISTEN) return false;
    addSocket(sockets, local);
    return true;
  });
  return sockets;
}

/** All sockets of /proc/net/udp or udp6, connected or not. */
export function readBound(file: string): BoundSocket[] {
  const sockets: BoundSocket[] = [];
  forEachRow(file, Number.POSITIVE_INFINITY, (local) => {
    addSocket(sockets, local);
    return true;
  });
  return sockets;
}

/** The text of a small /proc file; empty when it cannot be read (no IPv6, say). */
export function readSmall(file: string): string {
  let text = '';
  readChunks(file, READ_LENGTH, (chunk) => {
    text += chunk;
    return READ_LENGTH - text.length;
  });
  return text;
}

/** Calls `each` with the local end and the state of the first `most` rows until it returns false. */
function forEachRow(file: string, most: number, each: (local: string, state: string) => boolean): void {
  let rest = '';
  let missing = most + 1;
  let room = MAX_TABLE_LENGTH;
  // The kernel adds rows until the read is filled: asked for no more than they must have, it goes no further.
  const wanted = () => Math.min(missing * MIN_ROW_LENGTH - rest.length, room);
  readChunks(file, wanted(), (chunk) => {
    room -= chunk.length;
    const lines = (rest + chunk).split('\n');
    missing -= lines.length - 1;
    rest = lines.pop() ?? '';
    // What is wanted of the last row stands in its first half, which is all that is asked for.
    if (missing === 1 && wanted() <= 0) lines.push(rest);
    return lines.every((line) => takeRow(line, each)) ? wanted() : 0;
  });
}

/** "  0: 0100007F:0035 00000000:0000 0A ..."; the heading has no such second word. */
function takeRow(line: string, each: (local: string, state: string) => boolean): boolean {
  const [, local = '', , state = ''] = line.trim().split(/\s+/, 4);
  return !/^[0-9A-F]+:[0-9A-F]{4}$/.test(local) || each(local, state);
}

/** Reads `first` octets at most, and then as many as `each` asks for, until it asks for none. */
function readChunks(file: string, first: number, each: (chunk: string) => number): void {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return;
  }
  try {
    for (let wanted = first; wanted > 0; ) {
      const length = readSync(fd, buffer, 0, Math.min(wanted, READ_LENGTH), null);
      if (length === 0) return;
      wanted = each(buffer.toString('latin1', 0, length));
    }
  } catch {
    // A /proc file that fails in the middle: what was read counts.
  } finally {
    closeSync(fd);
  }
}

function addSocket(sockets: BoundSocket[], local: string): void {
  const colon = local.indexOf(':');
  const port = Number.parseInt(local.slice(colon + 1), 16);
  const address = parseWords(local.slice(0, colon));
  if (address !== null && port !== 0) sockets.push({ address, port });
}

/** The kernel prints each 32-bit word of the address as a number of this machine. */
function parseWords(hex: string): Address | null {
  const word = (index: number) => networkOrder(Number.parseInt(hex.slice(index * 8, index * 8 + 8), 16));
  if (hex.length === 8) return Address.v4(word(0));
  return hex.length === 32 ? new Address(word(0), word(1), word(2), word(3)) : null;
}

function networkOrder(value: number): number {
  if (!LITTLE_ENDIAN) return value;
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}
