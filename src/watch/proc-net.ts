import { closeSync, constants, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';
import { Address, parseAddress } from '../net/address.ts';

/** The size of one read of a /proc file; the kernel returns as many whole rows as fit. */
const READ_BYTES = 65_536;

/** No row of /proc/net/tcp or tcp6 is shorter, not even the heading. */
const MIN_ROW_BYTES = 128;

/** No more of a table is read: room for 100,000 sockets, which bounds the time of one look. */
const MAX_TABLE_BYTES = 16 * 1024 * 1024;

/** States of a TCP socket in /proc/net/tcp. */
const STATE_ESTABLISHED = '01';
const STATE_SYN_SENT = '02';
const STATE_LISTEN = '0A';

/**
 * "  0: 0100007F:0035 00000000:0000 0A ...": local end, remote end, state, queues, timers, account, a number, inode. The
 * heading does not match.
 */
const ROW =
  /^ *\d+: ([0-9A-F]+:[0-9A-F]{4}) ([0-9A-F]+:[0-9A-F]{4}) ([0-9A-F]{2})(?: \S+ \S+ \S+ +(\d+)(?: +\d+ (\d+))?)?/;

const LITTLE_ENDIAN = endianness() === 'LE';
const buffer = Buffer.alloc(READ_BYTES);

/** A local address and port that a socket holds. */
export interface BoundSocket {
  readonly address: Address;
  readonly port: number;
  /** The account that opened it, of a socket that takes packets from anybody; of others it is not known. */
  readonly uid?: number;
}

/**
 * The listening sockets of /proc/net/tcp or tcp6. The kernel lists them first, so reading stops at the first other
 * row: a host with 100,000 connections costs no more than an idle one. Even an idle one costs 5 ms, because behind
 * the last listener the kernel walks its whole hash of connections. A `maxRows` below the number of listeners avoids
 * that walk.
 */
export function readListeners(file: string, maxRows = Number.POSITIVE_INFINITY): BoundSocket[] {
  const sockets: BoundSocket[] = [];
  forEachRow(file, maxRows, (local, state, _remote, uid) => {
    if (state !== STATE_LISTEN) return false;
    addSocket(sockets, local, uid);
    return true;
  });
  return sockets;
}

/** All sockets of /proc/net/udp, raw or their IPv6 twins, connected or not. A raw socket's port is its protocol. */
export function readBound(file: string): BoundSocket[] {
  const sockets: BoundSocket[] = [];
  forEachRow(file, Number.POSITIVE_INFINITY, (local, _state, remote, uid) => {
    addSocket(sockets, local, portOf(remote) === 0 ? uid : undefined);
    return true;
  });
  return sockets;
}

/**
 * The local ends of all sockets of /proc/net/tcp or tcp6, each once: listening, connected, or in TIME-WAIT. Reads the
 * whole table, like `forEachSocket`.
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

/** The endpoints of /proc/net/sctp/eps, which has the port in decimal and then the addresses. */
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

/** A TCP connection that is established, or that this host begins. */
export interface ConnectionRow {
  readonly localPort: number;
  /** The peer's address as the kernel prints it; `parseWords` reads it. */
  readonly peer: string;
  readonly peerPort: number;
  /** This host has sent a SYN and waits for the answer. */
  readonly isConnecting: boolean;
  /** Names the socket in /proc/PID/fd; 0 until a program has accepted the connection. */
  readonly inode: number;
}

/**
 * Calls `listener` with each listening socket of /proc/net/tcp or tcp6 (its port, the account that opened it, its inode),
 * then `connection` with each connection. Reads the whole table: 5 ms on an idle host, 44 ms with 18,000 connections
 * (native-notes/sockets.md).
 */
export function forEachSocket(
  file: string,
  listener: (port: number, uid: number, inode: number) => void,
  connection: (row: ConnectionRow) => void,
): void {
  forEachRow(file, Number.POSITIVE_INFINITY, (local, state, remote, uid, inode) => {
    const localPort = portOf(local);
    if (state === STATE_LISTEN) listener(localPort, Number(uid), Number(inode));
    else if (state === STATE_ESTABLISHED || state === STATE_SYN_SENT)
      connection({
        localPort,
        peer: wordsOf(remote),
        peerPort: portOf(remote),
        isConnecting: state === STATE_SYN_SENT,
        inode: Number(inode ?? 0),
      });
    return true;
  });
}

/** The far ends of connected UDP sockets of /proc/net/udp or udp6 whose local port no other socket takes packets at. */
export function readUdpPeers(file: string): BoundSocket[] {
  const open = new Set<number>();
  const connected: (readonly [port: number, remote: string])[] = [];
  forEachRow(file, Number.POSITIVE_INFINITY, (local, _state, remote) => {
    if (portOf(remote) === 0) open.add(portOf(local));
    else connected.push([portOf(local), remote]);
    return true;
  });
  const peers: BoundSocket[] = [];
  // A server may connect a socket for each of its clients, at the port that it listens on.
  for (const [port, remote] of connected) if (!open.has(port)) addSocket(peers, remote);
  return peers;
}

/** The text of a file's first `maxBytes`; empty when it cannot be read (without IPv6, for example). */
export function readSmall(file: string, maxBytes = READ_BYTES): string {
  let text = '';
  readChunks(file, maxBytes, (chunk) => {
    text += chunk;
    return maxBytes - text.length;
  });
  return text;
}

/** The text of a file that is one record, such as counters: the kernel returns all of it in one read. */
export function readRecord(file: string): string {
  let text = '';
  readChunks(file, READ_BYTES, (chunk) => {
    text = chunk;
    return 0;
  });
  return text;
}

type EachRow = (
  local: string,
  state: string,
  remote: string,
  uid: string | undefined,
  inode: string | undefined,
) => boolean;

/** Calls `each` with the local end, the state and the remote end of the first `maxRows` rows until it returns false. */
function forEachRow(file: string, maxRows: number, each: EachRow): void {
  let rest = '';
  let missing = maxRows + 1;
  let room = MAX_TABLE_BYTES;
  // The kernel adds rows until the read is filled, so a read of their minimal size makes it stop early.
  const wanted = () => Math.min(missing * MIN_ROW_BYTES - rest.length, room);
  readChunks(file, wanted(), (chunk) => {
    room -= chunk.length;
    const lines = (rest + chunk).split('\n');
    missing -= lines.length - 1;
    rest = lines.pop() ?? '';
    // All that is needed of the last row is in its first half, which is all that is read.
    if (missing === 1 && wanted() <= 0) lines.push(rest);
    return lines.every((line) => takeRow(line, each)) ? wanted() : 0;
  });
}

function takeRow(line: string, each: EachRow): boolean {
  const row = ROW.exec(line);
  return row === null || each(row[1] as string, row[3] as string, row[2] as string, row[4], row[5]);
}

/** Reads at most `first` bytes, then as many as `each` returns, until it returns 0. */
function readChunks(file: string, first: number, each: (chunk: string) => number): void {
  let fd: number;
  try {
    // So a pipe in place of the file does not block.
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return;
  }
  try {
    for (let wanted = first; wanted > 0; ) {
      const length = readSync(fd, buffer, 0, Math.min(wanted, READ_BYTES), null);
      if (length === 0) return;
      wanted = each(buffer.toString('latin1', 0, length));
    }
  } catch {
    // When a /proc file fails midway, the part that was read counts.
  } finally {
    closeSync(fd);
  }
}

function addSocket(sockets: BoundSocket[], local: string, uid?: string): void {
  const port = portOf(local);
  const address = parseWords(wordsOf(local));
  if (address !== null && port !== 0)
    sockets.push(uid === undefined ? { address, port } : { address, port, uid: Number(uid) });
}

function wordsOf(end: string): string {
  return end.slice(0, end.indexOf(':'));
}

function portOf(end: string): number {
  return Number.parseInt(end.slice(end.indexOf(':') + 1), 16);
}

/** Parses an address whose 32-bit words the kernel printed in host order; null when it is not an address. */
export function parseWords(hex: string): Address | null {
  const word = (index: number) => networkOrder(Number.parseInt(hex.slice(index * 8, index * 8 + 8), 16));
  if (hex.length === 8) return Address.v4(word(0));
  return hex.length === 32 ? new Address(word(0), word(1), word(2), word(3)) : null;
}

function networkOrder(value: number): number {
  if (!LITTLE_ENDIAN) return value;
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}
