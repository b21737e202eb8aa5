import { LATEST_TIME_MS } from '../capture/source.ts';
import { Kind, LAST_KIND } from '../classify/kind.ts';
import type { Probe } from '../classify/probe.ts';
import type { Address } from '../net/address.ts';
import {
  isIcmp,
  isSpoken,
  PROTOCOL_ARP,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from '../net/protocol.ts';

/**
 * What the capture child hands to the main process: records of one size, so that a reader needs no state but
 * the octets of an incomplete last one. Little-endian; both ends are the same machine.
 */
export const RECORD_LENGTH = 64;

export const RecordType = {
  /** A packet that would be a probe on a watched port, or a question that this host sent. */
  probe: 1,
  /** Every device is open: from here on nothing is missed. */
  ready: 2,
  /** How many frames ended for one reason so far. */
  count: 3,
  /** This host has answered a SYN from an open port. */
  answer: 4,
} as const;

const TYPE = 0;
const KIND = 1;
const PROTOCOL = 2;
const TCP_FLAGS = 3;
const MARKS = 4;
const DEVICE = 5;
const SOURCE_PORT = 6;
const DESTINATION_PORT = 8;
const IDENTIFICATION = 10;
const SEQUENCE = 12;
const WINDOW = 16;
const TTL = 18;
const TCP_HEADER_LENGTH = 19;
const FIRST_OPTION = 20;
const TIME = 24;
const SOURCE = 32;
const DESTINATION = 48;
// In a count record.
const COUNT_REASON = 1;
const COUNT_VALUE = 24;

const MARK_IP_OPTIONS = 0x01;
const MARK_FRAGMENTED = 0x02;

/** Writes a probe at `offset`; `device` numbers the interface that it came in on. */
export function writeProbe(view: DataView, offset: number, probe: Probe, device: number): void {
  view.setUint8(offset + TYPE, RecordType.probe);
  view.setUint8(offset + KIND, probe.kind);
  view.setUint8(offset + PROTOCOL, probe.protocol & 0xff);
  view.setUint8(offset + TCP_FLAGS, probe.tcpFlags);
  const marks = (probe.ipOptions ? MARK_IP_OPTIONS : 0) | (probe.fragmented ? MARK_FRAGMENTED : 0);
  view.setUint8(offset + MARKS, marks);
  view.setUint8(offset + DEVICE, device);
  view.setUint16(offset + SOURCE_PORT, probe.sourcePort, true);
  view.setUint16(offset + DESTINATION_PORT, probe.destinationPort, true);
  view.setUint16(offset + IDENTIFICATION, probe.identification, true);
  view.setUint32(offset + SEQUENCE, probe.sequence, true);
  view.setUint16(offset + WINDOW, probe.window, true);
  view.setUint8(offset + TCP_HEADER_LENGTH, probe.tcpHeaderLength);
  view.setUint32(offset + FIRST_OPTION, probe.firstOption, true);
  view.setUint8(offset + TTL, probe.ttl);
  view.setFloat64(offset + TIME, probe.time, true);
  writeAddress(view, offset + SOURCE, probe.source);
  writeAddress(view, offset + DESTINATION, probe.destination);
}

/**
 * Fills `probe` from a probe record; false when the record cannot be one that `writeProbe` made. The child reads
 * hostile octets: were it ever taken over, it must not be able to stop the main process.
 */
export function readProbe(view: DataView, offset: number, probe: Probe): boolean {
  const kind = view.getUint8(offset + KIND);
  // The number of ARP has more than 8 bits.
  const protocol = kind === Kind.arp ? PROTOCOL_ARP : view.getUint8(offset + PROTOCOL);
  const time = view.getFloat64(offset + TIME, true);
  if (kind === Kind.none || kind > LAST_KIND || !isOfProtocol(kind, protocol)) return false;
  if (!(time >= 0 && time <= LATEST_TIME_MS)) return false;
  probe.kind = kind as Kind;
  probe.protocol = protocol;
  probe.time = time;
  probe.tcpFlags = view.getUint8(offset + TCP_FLAGS);
  const marks = view.getUint8(offset + MARKS);
  probe.ipOptions = (marks & MARK_IP_OPTIONS) !== 0;
  probe.fragmented = (marks & MARK_FRAGMENTED) !== 0;
  probe.sourcePort = view.getUint16(offset + SOURCE_PORT, true);
  probe.destinationPort = view.getUint16(offset + DESTINATION_PORT, true);
  probe.identification = view.getUint16(offset + IDENTIFICATION, true);
  probe.sequence = view.getUint32(offset + SEQUENCE, true);
  probe.window = view.getUint16(offset + WINDOW, true);
  probe.tcpHeaderLength = view.getUint8(offset + TCP_HEADER_LENGTH);
  probe.firstOption = view.getUint32(offset + FIRST_OPTION, true);
  probe.ttl = view.getUint8(offset + TTL);
  readAddress(view, offset + SOURCE, probe.source);
  readAddress(view, offset + DESTINATION, probe.destination);
  return true;
}

/** Whether probes of a kind come by this protocol. */
function isOfProtocol(kind: number, protocol: number): boolean {
  switch (kind) {
    case Kind.udp:
      return protocol === PROTOCOL_UDP;
    case Kind.connect:
      return protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP;
    case Kind['sctp-init']:
    case Kind['sctp-cookie-echo']:
      return protocol === PROTOCOL_SCTP;
    case Kind.icmp:
      return isIcmp(protocol);
    case Kind.arp:
      return protocol === PROTOCOL_ARP;
    case Kind['ip-protocol']:
      return !isSpoken(protocol);
    default:
      return protocol === PROTOCOL_TCP;
  }
}

/** A port of this host that was open at `time` (ms). */
export interface OpenPortAnswer {
  readonly source: Address;
  sourcePort: number;
  time: number;
}

/** Writes where a SYN/ACK of this host came from. */
export function writeAnswer(view: DataView, offset: number, answer: Readonly<OpenPortAnswer>): void {
  view.setUint8(offset + TYPE, RecordType.answer);
  view.setUint16(offset + SOURCE_PORT, answer.sourcePort, true);
  view.setFloat64(offset + TIME, answer.time, true);
  writeAddress(view, offset + SOURCE, answer.source);
}

/** Fills `answer` from an answer record; false when the record cannot be one that `writeAnswer` made. */
export function readAnswer(view: DataView, offset: number, answer: OpenPortAnswer): boolean {
  const time = view.getFloat64(offset + TIME, true);
  if (!(time >= 0 && time <= LATEST_TIME_MS)) return false;
  answer.time = time;
  answer.sourcePort = view.getUint16(offset + SOURCE_PORT, true);
  readAddress(view, offset + SOURCE, answer.source);
  return true;
}

export function recordType(view: DataView, offset: number): number {
  return view.getUint8(offset + TYPE);
}

/** The number of the interface that a probe came in on. */
export function recordDevice(view: DataView, offset: number): number {
  return view.getUint8(offset + DEVICE);
}

export function writeReady(view: DataView, offset: number): void {
  view.setUint8(offset + TYPE, RecordType.ready);
}

/** Writes how many frames have ended for `reason` since the child began. */
export function writeCount(view: DataView, offset: number, reason: number, count: number): void {
  view.setUint8(offset + TYPE, RecordType.count);
  view.setUint8(offset + COUNT_REASON, reason);
  view.setFloat64(offset + COUNT_VALUE, count, true);
}

export function readCount(view: DataView, offset: number): { reason: number; count: number } {
  return {
    reason: view.getUint8(offset + COUNT_REASON),
    count: view.getFloat64(offset + COUNT_VALUE, true),
  };
}

function writeAddress(view: DataView, offset: number, address: Address): void {
  view.setUint32(offset, address.w0, true);
  view.setUint32(offset + 4, address.w1, true);
  view.setUint32(offset + 8, address.w2, true);
  view.setUint32(offset + 12, address.w3, true);
}

function readAddress(view: DataView, offset: number, address: Address): void {
  address.w0 = view.getUint32(offset, true);
  address.w1 = view.getUint32(offset + 4, true);
  address.w2 = view.getUint32(offset + 8, true);
  address.w3 = view.getUint32(offset + 12, true);
}
