import { closeSync, constants, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';
import { Address, parseAddress } from '../net/address.ts';

/** One read of a /proc file; the kernel gives whole rows, as many as fit. */
const READ_LENGTH = 65_536;

/** No row of /proc/net/tcp or tcp6, the heading included, is shorter. */
const MIN_ROW_LENGTH = 128;

/** A table larger than this is not read further: 100,000 sockets, a bound on the time one look costs. */
const MAX_TABLE_LENGTH = 16 * 1024 * 1024;

/** States of a TCP socket in /proc/net/tcp. */
const STATE_ESTABLISHED = '01';
const STATE_LISTEN = '0A';

/** "  0: 0100007F:0035 00000000:0000 0A ...": local end, remote end, state. The heading is no such row. */
const ROW = /^ *\d+: ([0-9A-F]+:[0-9A-F]{4}) ([0-9A-F]+:[0-9A-F]{4}) ([0-9A-F]{2})/;

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

/** All sockets of /proc/net/udp, raw or their IPv6 twins, connected or not; raw ones by the number of their protocol. */
export function readBound(file: string): BoundSocket[] {
  const sockets: BoundSocket[] = [];
  forEachRow(file, Number.POSITIVE_INFINITY, (local) => {
    addSocket(sockets, local);
    return true;
  });
  return sockets;
}

/**
 * The local ends of all sockets of /proc/net/tcp or tcp6, each once: those that listen, are connected, or wait for
 * late segments. Costs what the whole table does, as `readPeers`.
 */
export function readLocalEnds(file: string): BoundSocket[] {
  const ends = new Set<string>();
  forEachRow(file, Number.POSITIVE_INFINITY, (local) => {
    ends.add(local);
    return true;
  });
  const sockets: BoundSocket[] = [];
  for (const local of ends) addSocket(sockets, local);
  return sockets;
}

/** The endpoints of /proc/net/sctp/eps: the port in decimal, and behind it the addresses. */
export function readSctpEndpoints(file: string): BoundSocket[] {
  return readSmall(file)
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, , , , , port, , , ...addresses] = line.trim().split(/\s+/);
      return addresses.flatMap((text) => {
        const address = parseAddress(text);
        return address === null ? [] : [{ address, port: Number(port) }];
      });
    });
}

/**
 * Who is connected to one of these local ports now, by /proc/net/tcp or tcp6: each address once, `most` at most.
 * Costs what the whole table does: 5 ms on an idle host, 44 ms with 18,000 connections (native-notes/sockets.md).
 */
export function readPeers(file: string, ports: ReadonlySet<number>, most: number): Address[] {
  const peers = new Map<string, Address>();
  forEachRow(file, Number.POSITIVE_INFINITY, (local, state, remote) => {
    if (state !== STATE_ESTABLISHED || !ports.has(portOf(local))) return true;
    const words = wordsOf(remote);
    const address = peers.has(words) ? null : parseWords(words);
    if (address !== null) peers.set(words, address);
    return peers.size < most;
  });
  return [...peers.values()];
}

/** The text of a file's first `most` octets; empty when it cannot be read (no IPv6, say). */
export function readSmall(file: string, most = READ_LENGTH): string {
  let text = '';
  readChunks(file, most, (chunk) => {
    text += chunk;
    return most - text.length;
  });
  return text;
}

/** The same of a file that is one record, as counters are: the kernel gives all of it in one read. */
export function readRecord(file: string): string {
  let text = '';
  readChunks(file, READ_LENGTH, (chunk) => {
    text = chunk;
    return 0;
  });
  return text;
}

type EachRow = (local: string, state: string, remote: string) => boolean;

/** Calls `each` with the local end, the state and the remote end of the first `most` rows until it returns false. */
function forEachRow(file: string, most: number, each: EachRow): void {
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

function takeRow(line: string, each: EachRow): boolean {
  const row = ROW.exec(line);
  return row === null || each(row[1] as string, row[3] as string, row[2] as string);
}

/** Reads `first` octets at most, and then as many as `each` asks for, until it asks for none. */
function readChunks(file: string, first: number, each: (chunk: string) => number): void {
  let fd: number;
  try {
    // A pipe that stands in a file's place holds up nobody so.
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
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
  const port = portOf(local);
  const address = parseWords(wordsOf(local));
  if (address !== null && port !== 0) sockets.push({ address, port });
}

function wordsOf(end: string): string {
  return end.slice(0, end.indexOf(':'));
}

function portOf(end: string): number {
  return Number.parseInt(end.slice(end.indexOf(':') + 1), 16);
}

/** The address whose 32-bit words the kernel prints each as a number of this machine; null when it is none. */
export function parseWords(hex: string): Address | null {
  const word = (index: number) => networkOrder(Number.parseInt(hex.slice(index * 8, index * 8 + 8), 16));
  if (hex.length === 8) return Address.v4(word(0));
  return hex.length === 32 ? new Address(word(0), word(1), word(2), word(3)) : null;
}

function networkOrder(value: number): number {
  if (!LITTLE_ENDIAN) return value;
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}
