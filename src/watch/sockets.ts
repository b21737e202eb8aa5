import type { Address } from '../net/address.ts';
import { isIcmp, PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import type { Connections, InUse, Moment, Segment } from './in-use.ts';
import { PortTimes } from './port-times.ts';
import {
  type BoundSocket,
  readBound,
  readListeners,
  readLocalEnds,
  readRecord,
  readSctpEndpoints,
} from './proc-net.ts';
import { NO_COUNTERS, type TcpCounters, tcpCounters } from './tcp-counters.ts';

/** Late answers to a socket that is gone: so long (ms) its port counts as in use (design, section 5). */
export const CLOSED_MEMORY = 60_000;

/** What one look reads: TCP's tables, UDP's, or those of all other protocols. */
export type Tables = 'tcp' | 'udp' | 'others';

/** How old (ms) the list of TCP listeners may be for `poll`, which only serves the memory of the last minute. */
const POLLED_LISTENERS_AGE = 10_000;

/**
 * The sockets of this host, by its own tables in /proc/net, and who was there in the last minute. Never by
 * binding: a test bind opens the port for a moment.
 *
 * UDP's tables cost some 0.05 ms and are read each time. TCP's cost ms (native-notes/sockets.md), so they are
 * read to their end only when the counters say so, which no listener can come or go alone without moving. While they
 * stand still one may have come for another that went (an FTP server's next passive port): that shows in the order of
 * the others, unless both stood at the very end of the kernel's list.
 */
export class SocketTable implements InUse, Connections {
  readonly #tcp = new PortTimes(CLOSED_MEMORY);
  readonly #udp = new PortTimes(CLOSED_MEMORY);
  readonly #sctp = new PortTimes(CLOSED_MEMORY);
  /** Raw sockets, by the number of their protocol. */
  readonly #raw = new PortTimes(CLOSED_MEMORY);
  /** Local ends of connections. */
  readonly #connected = new PortTimes(CLOSED_MEMORY);
  readonly #folder: string;
  #listeners4: readonly BoundSocket[] = [];
  #listeners6: readonly BoundSocket[] = [];
  #datagrams: readonly BoundSocket[] = [];
  #localEnds: readonly BoundSocket[] = [];
  #counters = NO_COUNTERS;
  #listenersRead = Number.NEGATIVE_INFINITY;

  /** `folder` is /proc/net. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** For a probe that has just come (`now` in ms): what was bound before the call is known after it. */
  look(tables: Tables, now: number): void {
    if (tables === 'tcp') this.#lookAtTcp(now);
    else if (tables === 'udp') this.#lookAtUdp(now);
    else this.#lookAtOthers(now);
  }

  /** For the memory of the last minute, once a second or so: costs little even on a busy host. */
  poll(now: number): void {
    this.#lookAtUdp(now);
    this.#lookAtOthers(now);
    const old = now - this.#listenersRead >= POLLED_LISTENERS_AGE;
    const counters = old ? this.#tcpCounters() : this.#counters;
    if (counters.all !== this.#counters.all) this.#readListeners(counters, now);
  }

  /**
   * Reads the tables of connections to their end, which costs ms (native-notes/sockets.md): to be asked for seldom, and
   * before weak probes make somebody a scanner.
   */
  lookAtConnections(now: number): void {
    this.#localEnds = [...this.#read('tcp', readLocalEnds), ...this.#read('tcp6', readLocalEnds)];
    this.#connected.noteAll(this.#localEnds, now);
  }

  has(protocol: number, address: Address, port: number, { time }: Moment): boolean {
    return this.#times(protocol)?.has(address, port, time) ?? false;
  }

  /** Whether anybody listens or is connected at its port, whoever sent it: by what was known at the last looks. */
  holds({ destination, destinationPort, time }: Segment): boolean {
    return (
      this.#tcp.has(destination, destinationPort, time) ||
      this.#connected.has(destination, destinationPort, time)
    );
  }

  /** Notes a port from which this host just sent a question: an answer may come when the socket is gone. */
  noteQuery(address: Address, port: number, now: number): void {
    this.#udp.note({ address, port }, now);
  }

  /** Notes a port of this host that answered a SYN: whoever listened there may be gone before any look. */
  noteAnswer(address: Address, port: number, now: number): void {
    this.#tcp.note({ address, port }, now);
  }

  /** The local ends of all TCP sockets at the last look at the connections. */
  get localEnds(): readonly BoundSocket[] {
    return this.#localEnds;
  }

  /** What was bound at the last look. */
  bound(protocol: number): readonly BoundSocket[] {
    return protocol === PROTOCOL_TCP ? [...this.#listeners4, ...this.#listeners6] : this.#datagrams;
  }

  /** Everything is looked at. */
  lookAtAll(now: number): void {
    for (const tables of ['tcp', 'udp', 'others'] as const) this.look(tables, now);
  }

  #lookAtTcp(now: number): void {
    const counters = this.#tcpCounters();
    if (counters.alone !== this.#counters.alone || this.#hasOtherListeners())
      this.#readListeners(counters, now);
    this.#tcp.noteAll(this.bound(PROTOCOL_TCP), now);
  }

  #lookAtUdp(now: number): void {
    this.#datagrams = [...this.#read('udp', readBound), ...this.#read('udp6', readBound)];
    this.#udp.noteAll(this.#datagrams, now);
  }

  #lookAtOthers(now: number): void {
    this.#sctp.noteAll(readSctpEndpoints(`${this.#folder}/sctp/eps`), now);
    this.#raw.noteAll([...this.#read('raw', readBound), ...this.#read('raw6', readBound)], now);
  }

  #readListeners(counters: TcpCounters, now: number): void {
    // Those that are gone now were there until a moment ago.
    this.#tcp.noteAll(this.bound(PROTOCOL_TCP), now);
    this.#listeners4 = counters.inUse4 === 0 ? [] : this.#read('tcp', readListeners);
    this.#listeners6 = counters.inUse6 === 0 ? [] : this.#read('tcp6', readListeners);
    this.#tcp.noteAll(this.bound(PROTOCOL_TCP), now);
    this.#counters = counters;
    this.#listenersRead = now;
  }

  /** Compares all listeners but the last, which the kernel shows only after its walk of all connections. */
  #hasOtherListeners(): boolean {
    const differs = (name: string, known: readonly BoundSocket[]) => {
      if (known.length < 2) return false;
      const present = this.#read(name, (file) => readListeners(file, known.length - 1));
      return known.slice(0, -1).some((socket, index) => !isSame(socket, present[index]));
    };
    return differs('tcp', this.#listeners4) || differs('tcp6', this.#listeners6);
  }

  #times(protocol: number): PortTimes | null {
    if (protocol === PROTOCOL_TCP) return this.#tcp;
    if (protocol === PROTOCOL_UDP) return this.#udp;
    if (protocol === PROTOCOL_SCTP) return this.#sctp;
    return isIcmp(protocol) ? null : this.#raw;
  }

  #tcpCounters(): TcpCounters {
    return tcpCounters(
      this.#read('sockstat', readRecord),
      this.#read('sockstat6', readRecord),
      this.#read('snmp', readRecord),
    );
  }

  #read<T>(name: string, read: (file: string) => T): T {
    return read(`${this.#folder}/${name}`);
  }
}

function isSame(one: BoundSocket, other: BoundSocket | undefined): boolean {
  return other !== undefined && other.port === one.port && other.address.equals(one.address);
}

/** Where the sockets of a protocol stand. */
export function tablesOf(protocol: number): Tables {
  if (protocol === PROTOCOL_TCP) return 'tcp';
  return protocol === PROTOCOL_UDP ? 'udp' : 'others';
}
