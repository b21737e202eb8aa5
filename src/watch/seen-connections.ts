import type { Packet } from '../decode/packet.ts';
import { ACK, FIN, PSH, RST, SYN } from '../decode/transport/tcp.ts';
import type { Address } from '../net/address.ts';
import { type ConnectionTable, ConnectionTables, isFirst, NO_ENTRY } from './connection-table.ts';
import type { Connections, Segment } from './in-use.ts';
import { SeenServices } from './seen-services.ts';

/**
 * Connections remembered, 37 octets each, of IPv6 61, in tables that grow as they fill. Those with one speaker have tables
 * of their own, because a scan with bare ACKs makes one of each port.
 */
const MAX_CONNECTIONS = { v4: 524_288, v6: 131_072 };
const MAX_HALF = { v4: 131_072, v6: 32_768 };

/** A connection is remembered for this long after its end: peers repeat their last segments (RFC 9293, section 3.6). */
const MEMORY_MS = 60_000;

/** A segment longer than the longest header has data (RFC 9293, section 3.1). */
const MAX_TCP_HEADER_LENGTH = 60;

/** Data this far behind a SYN belong to its connection: to the first window, of which some segments may be missing. */
const MAX_FIRST_DATA = 65_536;

// Bits of a known connection, for one end: it has sent a FIN; it has sent data; the other end has acknowledged some.
const FINISHED = 0x01;
const SENT_DATA = 0x02;
const ACKNOWLEDGED = 0x04;
const BOTH_FINISHED = 0x11;

// Bits of a half-seen connection, for one end: it has sent anything at all; it has sent an ACK without RST, or a RST
// that nothing provoked; its SYN was followed by data, and nothing ever came back.
const SEEN = 0x01;
const SPOKE = 0x02;
const WENT_ON = 0x04;

/** The bits of the end that comes second in a key are this much higher. */
const SECOND_END = 4;

/**
 * The connections that a capture shows. A connection is what both ends speak in, wherever the capture begins or ends.
 * Where it shows only one direction, data or a SYN/ACK stand for a connection. Bounded; the results do not depend on
 * the salt.
 */
export class SeenConnections implements Connections {
  /** With the time of each connection's end. */
  readonly #known: ConnectionTables;
  /** With the time of a RST that nothing provoked. */
  readonly #half: ConnectionTables;
  readonly #services: SeenServices;
  #hasOneWay = false;

  /** `salt` randomizes hashes; `onService` receives each endpoint that turns out to be a service's. */
  constructor(salt: number, onService: (address: Address, port: number) => void = () => {}) {
    this.#known = new ConnectionTables(MAX_CONNECTIONS, salt);
    this.#half = new ConnectionTables(MAX_HALF, salt);
    this.#services = new SeenServices(salt, onService);
  }

  /**
   * Notes a SYN/ACK, or the end of a connection that is known. That is cheap enough for every packet, and all that is
   * needed for a capture that shows how its connections begin.
   */
  noteEdges(packet: Packet): void {
    if (isSynAck(packet)) this.#begin(packet);
    else if ((packet.tcpFlags & (RST | FIN)) !== 0) {
      const known = this.#known.of(packet);
      const entry = known.find(packet);
      if (entry !== NO_ENTRY) noteEnd(known, entry, packet);
    }
  }

  /** Notes what any TCP packet shows. */
  note(packet: Packet): void {
    if (isSynAck(packet)) {
      this.#begin(packet);
      return;
    }
    const known = this.#known.of(packet);
    let entry = known.find(packet);
    if (entry === NO_ENTRY || this.#hasOneWay) {
      const isConnection = this.#noteHalf(packet);
      if (entry === NO_ENTRY && isConnection) entry = this.#know(known, packet);
    }
    if (entry !== NO_ENTRY) this.#noteKnown(known, entry, packet);
  }

  /** Whether the segment belongs to a connection, or comes from a service. */
  holds(segment: Segment): boolean {
    const known = this.#known.of(segment);
    const entry = known.find(segment);
    if (entry !== NO_ENTRY && segment.time <= (known.times[entry] as number) + MEMORY_MS) return true;
    return this.#services.has(segment.source, segment.sourcePort);
  }

  /** Whether the SYN began a connection of which the capture shows one direction. */
  wentOn(syn: Segment): boolean {
    if (!this.#hasOneWay) return false;
    const half = this.#half.of(syn);
    const entry = half.find(syn);
    return entry !== NO_ENTRY && ((half.state[entry] as number) & (WENT_ON << endOf(syn))) !== 0;
  }

  #begin(packet: Packet): void {
    const known = this.#known.of(packet);
    const found = known.find(packet);
    renew(known, found === NO_ENTRY ? known.add(packet) : found);
  }

  /** Adds a connection that goes on until its end is seen. */
  #know(known: ConnectionTable, packet: Packet): number {
    const entry = known.add(packet);
    renew(known, entry);
    const half = this.#half.of(packet);
    const halfEntry = half.find(packet);
    const resetTime = halfEntry === NO_ENTRY ? 0 : (half.times[halfEntry] as number);
    if (resetTime !== 0) known.times[entry] = resetTime;
    return entry;
  }

  #noteKnown(known: ConnectionTable, entry: number, packet: Packet): void {
    const { state, times } = known;
    const end = endOf(packet);
    const other = SECOND_END - end;
    const isData = hasData(packet);
    // Data long after the end are of another connection between the same ports.
    if (isData && packet.time > (times[entry] as number) + MEMORY_MS) renew(known, entry);
    const asked = ((state[entry] as number) >> other) & (SENT_DATA | ACKNOWLEDGED);
    if (asked === SENT_DATA && isSpeech(packet)) {
      state[entry] = (state[entry] as number) | (ACKNOWLEDGED << other);
      this.#services.noteAcknowledged(packet.destination, packet.destinationPort, packet.source);
    }
    if (isData) state[entry] = (state[entry] as number) | (SENT_DATA << end);
    if ((packet.tcpFlags & (RST | FIN)) !== 0) noteEnd(known, entry, packet);
  }

  /** Notes who speaks. True when the packet makes it a connection. */
  #noteHalf(packet: Packet): boolean {
    const half = this.#half.of(packet);
    const found = half.find(packet);
    const entry = found === NO_ENTRY ? half.add(packet) : found;
    const end = endOf(packet);
    const other = SECOND_END - end;
    const before = half.state[entry] as number;
    const isAnswered = (before & (SEEN << other)) !== 0;
    const isFirstReset = (packet.tcpFlags & RST) !== 0 && !isAnswered;
    const isData = hasData(packet);
    const speaks = isSpeech(packet) || isFirstReset;
    // Nothing went on in silence where something comes back.
    let now = (before & ~(WENT_ON << other)) | (SEEN << end);
    if (speaks) now |= SPOKE << end;
    if (isFirstReset) half.times[entry] = packet.time;
    if (packet.tcpFlags === SYN) half.noteSequence(entry, packet.sequence);
    if (isData && !isAnswered && followsSyn(half, entry, packet)) {
      now |= WENT_ON << end;
      this.#hasOneWay = true;
    }
    half.state[entry] = now;
    return isData || (speaks && (before & (SPOKE << other)) !== 0);
  }
}

/** Makes it a connection that goes on. */
function renew({ state, times }: ConnectionTable, entry: number): void {
  state[entry] = 0;
  times[entry] = Number.POSITIVE_INFINITY;
}

/** A connection ends with the second FIN or the first RST. */
function noteEnd({ state, times }: ConnectionTable, entry: number, packet: Packet): void {
  if ((packet.tcpFlags & FIN) !== 0) state[entry] = (state[entry] as number) | (FINISHED << endOf(packet));
  const isFinished = ((state[entry] as number) & BOTH_FINISHED) === BOTH_FINISHED;
  const isOver = isFinished || (packet.tcpFlags & RST) !== 0;
  if (isOver && times[entry] === Number.POSITIVE_INFINITY) times[entry] = packet.time;
}

/** Whether the data came soon after a SYN of the same end. */
function followsSyn(half: ConnectionTable, entry: number, { sequence }: Packet): boolean {
  const syn = half.sequenceOf(entry);
  return syn !== 0 && (sequence - syn - 1) >>> 0 < MAX_FIRST_DATA;
}

/** Whether a TCP packet has data of a connection. */
export function hasData({ tcpFlags, transportLength }: Packet): boolean {
  if ((tcpFlags & (ACK | RST | SYN)) !== ACK) return false;
  return (tcpFlags & PSH) !== 0 || transportLength > MAX_TCP_HEADER_LENGTH;
}

/** Whether a TCP packet comes from a port that listens. */
export function isSynAck({ tcpFlags }: Packet): boolean {
  return (tcpFlags & (SYN | ACK | RST | FIN)) === (SYN | ACK);
}

function isSpeech({ tcpFlags }: Packet): boolean {
  return (tcpFlags & (ACK | RST | SYN)) === ACK;
}

/** How much the bits of the sender are shifted. */
function endOf(segment: Segment): number {
  return isFirst(segment) ? 0 : SECOND_END;
}
