import { expect, test } from 'vitest';
import { AnswerKind, LeftAnswer } from '../../src/classify/answer.ts';
import { Kind } from '../../src/classify/kind.ts';
import { Probe } from '../../src/classify/probe.ts';
import { type Address, parseAddress } from '../../src/net/address.ts';
import {
  RECORD_LENGTH,
  RecordType,
  readAnswer,
  readCount,
  readProbe,
  readReady,
  recordDevice,
  recordType,
  writeAlive,
  writeAnswer,
  writeCount,
  writeProbe,
  writeReady,
} from '../../src/sensor/record-format.ts';

const EXTREMES: Partial<Probe> = {
  time: 1_795_354_417_123.25,
  kind: Kind.connect,
  protocol: 17,
  sourcePort: 65_535,
  destinationPort: 65_534,
  ttl: 255,
  tcpFlags: 0x3f,
  identification: 54_321,
  sequence: 0xfffffffe,
  window: 65_533,
  tcpHeaderLength: 60,
  firstOption: 0xfffffffd,
};

/** The smallest probe. */
const LEAST: Partial<Probe> = { time: 1, kind: Kind.null };

function probeWith(fields: Partial<Probe>, source: string, destination: string): Probe {
  const probe = Object.assign(new Probe(), fields);
  probe.source.set(parseAddress(source) as Address);
  probe.destination.set(parseAddress(destination) as Address);
  return probe;
}

test.each([
  ['the largest numbers', probeWith(EXTREMES, '255.255.255.254', '128.0.0.1')],
  ['IPv6', probeWith({ ...LEAST, protocol: 6 }, 'fd00:1:2:3:4:5:6:7', '2001:db8::ffff:8000')],
  ['IP options', probeWith({ ...LEAST, ipOptions: true }, '10.0.0.1', '10.0.0.2')],
  ['fragmented', probeWith({ ...LEAST, fragmented: true }, '10.0.0.1', '10.0.0.2')],
  ['SCTP', probeWith({ ...LEAST, kind: Kind['sctp-init'], protocol: 132 }, '10.0.0.1', '10.0.0.2')],
  [
    'an IP protocol',
    probeWith({ ...LEAST, kind: Kind['ip-protocol'], protocol: 255 }, '10.0.0.1', '10.0.0.2'),
  ],
  ['a ping', probeWith({ ...LEAST, kind: Kind.icmp, protocol: 58 }, 'fd00::1', 'fd00::2')],
  ['an ARP request', probeWith({ ...LEAST, kind: Kind.arp, protocol: 0x0806 }, '10.0.0.1', '10.0.0.2')],
  ['the least', probeWith(LEAST, '::', '::')],
])('a probe is read as it was written: %s', (_name, probe) => {
  const octets = new Uint8Array(3 * RECORD_LENGTH).fill(0xa5);
  const view = new DataView(octets.buffer);
  writeProbe(view, RECORD_LENGTH, probe, 255);
  expect([recordType(view, RECORD_LENGTH), recordDevice(view, RECORD_LENGTH)]).toEqual([
    RecordType.probe,
    255,
  ]);
  const read = probeWith(EXTREMES, '1.2.3.4', 'ff02::1');
  expect(readProbe(view, RECORD_LENGTH, read)).toBe(true);
  expect(read).toEqual(probe);
  const around = [...octets.slice(0, RECORD_LENGTH), ...octets.slice(2 * RECORD_LENGTH)];
  expect(new Set(around)).toEqual(new Set([0xa5]));
});

test('a count is read as it was written, also beyond 32 bits', () => {
  const view = new DataView(new ArrayBuffer(RECORD_LENGTH));
  writeCount(view, 0, 14, 2 ** 40 + 1);
  expect(recordType(view, 0)).toBe(RecordType.count);
  expect(readCount(view, 0)).toEqual({ reason: 14, count: 2 ** 40 + 1 });
});

test('ready says what the sensor lacks, and a sign of life is a type of record', () => {
  const view = new DataView(new ArrayBuffer(2 * RECORD_LENGTH));
  writeReady(view, 0, 0x2a);
  writeAlive(view, RECORD_LENGTH);
  expect(recordType(view, 0)).toBe(RecordType.ready);
  expect(readReady(view, 0)).toBe(0x2a);
  expect(recordType(view, RECORD_LENGTH)).toBe(RecordType.alive);
});

test.each<[string, (view: DataView) => void]>([
  ['no kind', (view) => view.setUint8(1, Kind.none)],
  ['an unknown kind', (view) => view.setUint8(1, Kind.connect + 1)],
  ['another protocol', (view) => view.setUint8(2, 1)],
  ['a time that is not a number', (view) => view.setFloat64(24, Number.NaN, true)],
  ['a time beyond all dates', (view) => view.setFloat64(24, 1e16, true)],
  ['a time before all packets', (view) => view.setFloat64(24, -1, true)],
])('a record that the sensor cannot have made is refused: %s', (_name, spoil) => {
  const view = new DataView(new ArrayBuffer(RECORD_LENGTH));
  writeProbe(view, 0, probeWith(EXTREMES, '10.0.0.1', '10.0.0.2'), 0);
  spoil(view);
  expect(readProbe(view, 0, new Probe())).toBe(false);
});

const ANSWER = {
  kind: AnswerKind.unreachable,
  protocol: 17,
  sourcePort: 65_535,
  destinationPort: 1,
  time: 1.5,
};

function answerWith(fields: Partial<LeftAnswer> = {}): LeftAnswer {
  const answer = Object.assign(new LeftAnswer(), ANSWER, fields);
  answer.source.set(parseAddress('2001:db8::2') as Address);
  answer.destination.set(parseAddress('10.99.0.1') as Address);
  return answer;
}

test.each([
  ['a SYN/ACK', { kind: AnswerKind.synAck, protocol: 6 }],
  ['a reset', { kind: AnswerKind.reset, protocol: 6 }],
  ['an ICMP unreachable', {}],
])('an answer that left goes over with both ends and ports: %s', (_what, fields) => {
  const view = new DataView(new ArrayBuffer(2 * RECORD_LENGTH));
  writeAnswer(view, RECORD_LENGTH, answerWith(fields));
  expect(recordType(view, RECORD_LENGTH)).toBe(RecordType.answer);
  const read = new LeftAnswer();
  expect(readAnswer(view, RECORD_LENGTH, read)).toBe(true);
  expect(read).toEqual(answerWith(fields));
});

test.each<[string, (view: DataView) => void]>([
  ['no kind', (view) => view.setUint8(1, 0)],
  ['a kind that there is not', (view) => view.setUint8(1, 4)],
  ['an ICMP unreachable of TCP', (view) => view.setUint8(2, 6)],
  ['a time that is no number', (view) => view.setFloat64(24, Number.NaN, true)],
])('an answer that the child cannot have made is refused: %s', (_name, spoil) => {
  const view = new DataView(new ArrayBuffer(RECORD_LENGTH));
  writeAnswer(view, 0, answerWith());
  spoil(view);
  expect(readAnswer(view, 0, new LeftAnswer())).toBe(false);
});
