import { LATEST_TIME_MS } from '../capture/source.ts';
import { AnswerKind, type LeftAnswer } from '../classify/answer.ts';
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
import { LAST_RULE, Rule } from './kernel/rule.ts';

/**
 * The octets of each record that the sensor hands to the main process. All have one size, so a reader keeps no state
 * but the octets of an incomplete last one. They are little-endian; both ends are on the same machine.
 */
export const RECORD_LENGTH = 64;

/** What a record is about: its first octet. */
export const RecordType = {
  /** A packet that would be a probe on a watched port, or a query that this host sent. */
  probe: 1,
  /** Every device is open: no packet is missed from here on. */
  ready: 2,
  /** For how many frames so far decoding ended for one reason. */
  count: 3,
  /** An answer of this host to a probe has left it. */
  answer: 4,
  /** The sensor runs; it says so each second. */
  alive: 5,
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
// In a ready record.
const READY_LACKS = 1;
// In a count record.
const COUNT_REASON = 1;
const COUNT_VALUE = 24;

const MARK_IP_OPTIONS = 0x01;
const MARK_FRAGMENTED = 0x02;
/** The number of the rule is above the marks. */
const RULE_SHIFT = 3;

/** Writes a probe at `offset`; `device` is the number of the device that captured it. */
export function writeProbe(
  view: DataView,
  offset: number,
  probe: Probe,
  device: number,
  rule: Rule = Rule.none,
): void {
  view.setUint8(offset + TYPE, RecordType.probe);
  view.setUint8(offset + KIND, probe.kind);
  view.setUint8(offset + PROTOCOL, probe.protocol & 0xff);
  view.setUint8(offset + TCP_FLAGS, probe.tcpFlags);
  const marks =
    (probe.ipOptions ? MARK_IP_OPTIONS : 0) | (probe.fragmented ? MARK_FRAGMENTED : 0) | (rule << RULE_SHIFT);
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
 * Fills `probe` from a probe record; false when `writeProbe` cannot have made the record. The sensor reads hostile
 * octets. An attacker that took it over must not be able to stop the main process.
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

/** Whether probes of a kind can come by this protocol. */
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

/** Writes an answer of this host at `offset`. */
export function writeAnswer(view: DataView, offset: number, answer: LeftAnswer): void {
  view.setUint8(offset + TYPE, RecordType.answer);
  view.setUint8(offset + KIND, answer.kind);
  view.setUint8(offset + PROTOCOL, answer.protocol);
  view.setUint16(offset + SOURCE_PORT, answer.sourcePort, true);
  view.setUint16(offset + DESTINATION_PORT, answer.destinationPort, true);
  view.setFloat64(offset + TIME, answer.time, true);
  writeAddress(view, offset + SOURCE, answer.source);
  writeAddress(view, offset + DESTINATION, answer.destination);
}

/** Fills `answer` from an answer record; false when `writeAnswer` cannot have made the record. */
export function readAnswer(view: DataView, offset: number, answer: LeftAnswer): boolean {
  const kind = view.getUint8(offset + KIND);
  const protocol = view.getUint8(offset + PROTOCOL);
  const time = view.getFloat64(offset + TIME, true);
  if (kind < AnswerKind.synAck || kind > AnswerKind.unreachable) return false;
  if ((kind === AnswerKind.unreachable) === (protocol === PROTOCOL_TCP)) return false;
  if (!(time >= 0 && time <= LATEST_TIME_MS)) return false;
  answer.kind = kind as AnswerKind;
  answer.protocol = protocol;
  answer.time = time;
  answer.sourcePort = view.getUint16(offset + SOURCE_PORT, true);
  answer.destinationPort = view.getUint16(offset + DESTINATION_PORT, true);
  readAddress(view, offset + SOURCE, answer.source);
  readAddress(view, offset + DESTINATION, answer.destination);
  return true;
}

/** The `RecordType` of a record, or any other octet from a hostile sensor. */
export function recordType(view: DataView, offset: number): number {
  return view.getUint8(offset + TYPE);
}

/** The number of the device that captured a probe. */
export function recordDevice(view: DataView, offset: number): number {
  return view.getUint8(offset + DEVICE);
}

/** The rule of the sensor's table that reported a probe; `Rule.none` of the packet sensor, and for a number that is none. */
export function recordRule(view: DataView, offset: number): Rule {
  const rule = view.getUint8(offset + MARKS) >>> RULE_SHIFT;
  return rule > LAST_RULE ? Rule.none : (rule as Rule);
}

/** Writes that every device is open; `lacks` is a mask of `Lack`. */
export function writeReady(view: DataView, offset: number, lacks: number): void {
  view.setUint8(offset + TYPE, RecordType.ready);
  view.setUint8(offset + READY_LACKS, lacks);
}

/** Reads the mask that `writeReady` wrote. */
export function readReady(view: DataView, offset: number): number {
  return view.getUint8(offset + READY_LACKS);
}

/** Writes a sign of life. */
export function writeAlive(view: DataView, offset: number): void {
  view.setUint8(offset + TYPE, RecordType.alive);
}

/** Writes for how many frames decoding has ended for `reason` since the sensor began. */
export function writeCount(view: DataView, offset: number, reason: number, count: number): void {
  view.setUint8(offset + TYPE, RecordType.count);
  view.setUint8(offset + COUNT_REASON, reason);
  view.setFloat64(offset + COUNT_VALUE, count, true);
}

/** Reads what `writeCount` wrote. */
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
