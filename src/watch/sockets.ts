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

/** A port counts as in use for this long after its socket closed, because of late answers. */
export const CLOSED_MEMORY_MS = 60_000;

/** The tables that one look reads: TCP's, UDP's, or those of all other protocols. */
export type Tables = 'tcp' | 'udp' | 'others';

/** The list of TCP listeners may be this old for `poll`, which only serves the memory of the last minute. */
const MAX_POLLED_AGE_MS = 10_000;

/**
 * The sockets of this host, now and in the last minute, from its tables in /proc/net. Never by binding, because a
 * test bind opens the port for a moment.
 *
 * UDP's tables cost about 0.05 ms and are read each time. TCP's cost several ms (native-notes/sockets.md), so they
 * are read to the end only when the counters have moved, and no listener can come or go alone without moving them.
 * While they stand still, one listener may have replaced another (an FTP server's next passive port). That shows in
 * the order of the others, unless both were at the very end of the kernel's list.
 */
export class SocketTable implements InUse, Connections {
  readonly #tcp = new PortTimes(CLOSED_MEMORY_MS);
  readonly #udp = new PortTimes(CLOSED_MEMORY_MS);
  readonly #sctp = new PortTimes(CLOSED_MEMORY_MS);
  /** Raw sockets, by protocol number. */
  readonly #raw = new PortTimes(CLOSED_MEMORY_MS);
  /** What the sensor alone has seen: ports that answered, and ports that asked. */
  #answered = new PortTimes(CLOSED_MEMORY_MS);
  #asked = new PortTimes(CLOSED_MEMORY_MS);
  /** Local ends of connections. */
  readonly #connected = new PortTimes(CLOSED_MEMORY_MS);
  readonly #folder: string;
  #listeners4: readonly BoundSocket[] = [];
  #listeners6: readonly BoundSocket[] = [];
  #datagrams: readonly BoundSocket[] = [];
  #localEnds: readonly BoundSocket[] = [];
  #sctpEndpoints: readonly BoundSocket[] = [];
  #counters = NO_COUNTERS;
  #listenersRead = Number.NEGATIVE_INFINITY;

  /** `folder` is /proc/net or a copy. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** For a probe that has just come, at `now` (ms): afterwards all sockets bound before the call are known. */
  look(tables: Tables, now: number): void {
    if (tables === 'tcp') this.#lookAtTcp(now);
    else if (tables === 'udp') this.#lookAtUdp(now);
    else this.#lookAtOthers(now);
  }

  /** Serves the memory of the last minute. Call it about once a second; it is cheap even on a busy host. */
  poll(now: number): void {
    this.#lookAtUdp(now);
    this.#lookAtOthers(now);
    this.#answered.noteAll([], now);
    this.#asked.noteAll([], now);
    const old = now - this.#listenersRead >= MAX_POLLED_AGE_MS;
    const counters = old ? this.#tcpCounters() : this.#counters;
    if (counters.all !== this.#counters.all) this.#readListeners(counters, now);
  }

  /**
   * Reads the tables of connections to the end, which costs several ms (native-notes/sockets.md). Call it rarely, and
   * before weak probes make a source a scanner.
   */
  lookAtConnections(now: number): void {
    this.#localEnds = [...this.#read('tcp', readLocalEnds), ...this.#read('tcp6', readLocalEnds)];
    this.#connected.noteAll(this.#localEnds, now);
  }

  has(protocol: number, address: Address, port: number, { time }: Moment): boolean {
    const seen = protocol === PROTOCOL_TCP ? this.#answered : protocol === PROTOCOL_UDP ? this.#asked : null;
    const held = this.#times(protocol)?.has(address, port, time) ?? false;
    return held || (seen?.has(address, port, time) ?? false);
  }

  /** Whether a socket listens or is connected at the destination, whatever the sender, according to the last looks. */
  holds({ destination, destinationPort, time }: Segment): boolean {
    return (
      this.#tcp.has(destination, destinationPort, time) ||
      this.#answered.has(destination, destinationPort, time) ||
      this.#connected.has(destination, destinationPort, time)
    );
  }

  /** Notes a port from which this host just sent a query: an answer may come after the socket closed. */
  noteQuery(address: Address, port: number, now: number): void {
    this.#asked.note({ address, port }, now);
  }

  /** Notes a port of this host that answered a SYN: its listener may be gone before any look. */
  noteAnswer(address: Address, port: number, now: number): void {
    this.#answered.note({ address, port }, now);
  }

  /** Forgets every query and answer that a sensor reported, because it died: somebody may have taken it over. */
  forgetSeen(): void {
    this.#answered = new PortTimes(CLOSED_MEMORY_MS);
    this.#asked = new PortTimes(CLOSED_MEMORY_MS);
  }

  /** The local ends of all TCP sockets at the last look at the connections. */
  get localEnds(): readonly BoundSocket[] {
    return this.#localEnds;
  }

  /** A text that changes when a TCP connection comes or goes. Costs 0.07 ms. */
  get connections(): string {
    return this.#tcpCounters().all;
  }

  /** SCTP's endpoints at the last look. */
  get sctpEndpoints(): readonly BoundSocket[] {
    return this.#sctpEndpoints;
  }

  /** The sockets bound at the last look. */
  bound(protocol: number): readonly BoundSocket[] {
    return protocol === PROTOCOL_TCP ? [...this.#listeners4, ...this.#listeners6] : this.#datagrams;
  }

  /** Looks at all tables. */
  lookAtAll(now: number): void {
    for (const tables of ['tcp', 'udp', 'others'] as const) this.look(tables, now);
  }

  #lookAtTcp(now: number): void {
    const counters = this.#tcpCounters();
    if (counters.listeners !== this.#counters.listeners || this.#hasOtherListeners())
      this.#readListeners(counters, now);
    this.#tcp.noteAll(this.bound(PROTOCOL_TCP), now);
  }

  #lookAtUdp(now: number): void {
    this.#datagrams = [...this.#read('udp', readBound), ...this.#read('udp6', readBound)];
    this.#udp.noteAll(this.#datagrams, now);
  }

  #lookAtOthers(now: number): void {
    this.#sctpEndpoints = readSctpEndpoints(`${this.#folder}/sctp/eps`);
    this.#sctp.noteAll(this.#sctpEndpoints, now);
    this.#raw.noteAll([...this.#read('raw', readBound), ...this.#read('raw6', readBound)], now);
  }

  #readListeners(counters: TcpCounters, now: number): void {
    // Those that are gone now existed until a moment ago.
    this.#tcp.noteAll(this.bound(PROTOCOL_TCP), now);
    this.#listeners4 = counters.inUse4 === 0 ? [] : this.#read('tcp', readListeners);
    this.#listeners6 = counters.inUse6 === 0 ? [] : this.#read('tcp6', readListeners);
    this.#tcp.noteAll(this.bound(PROTOCOL_TCP), now);
    this.#counters = counters;
    this.#listenersRead = now;
  }

  /** Compares all listeners but the last, which the kernel shows only after it has walked all connections. */
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

/** The tables that list a protocol's sockets. */
export function tablesOf(protocol: number): Tables {
  if (protocol === PROTOCOL_TCP) return 'tcp';
  return protocol === PROTOCOL_UDP ? 'udp' : 'others';
}
