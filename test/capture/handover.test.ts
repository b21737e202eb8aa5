import { expect, test } from 'vitest';
import {
  RECORD_LENGTH,
  RecordType,
  readCount,
  readProbe,
  recordDevice,
  recordType,
  writeCount,
  writeProbe,
  writeReady,
} from '../../src/capture/handover.ts';
import { Kind } from '../../src/classify/kind.ts';
import { Probe } from '../../src/classify/probe.ts';
import { type Address, parseAddress } from '../../src/net/address.ts';

const EXTREMES: Partial<Probe> = {
  time: 1_795_354_417_123.25,
  kind: Kind.connect,
  protocol: 17,
  sourcePort: 65_535,
  destinationPort: 65_534,
  tcpFlags: 0x3f,
  identification: 54_321,
  sequence: 0xfffffffe,
  window: 65_533,
};

function probeWith(fields: Partial<Probe>, source: string, destination: string): Probe {
  const probe = Object.assign(new Probe(), fields);
  probe.source.set(parseAddress(source) as Address);
  probe.destination.set(parseAddress(destination) as Address);
  return probe;
}

test.each([
  ['the largest numbers', probeWith(EXTREMES, '255.255.255.254', '128.0.0.1')],
  ['IPv6', probeWith({ kind: Kind.syn, protocol: 6 }, 'fd00:1:2:3:4:5:6:7', '2001:db8::ffff:8000')],
  ['IP options', probeWith({ ipOptions: true }, '10.0.0.1', '10.0.0.2')],
  ['fragmented', probeWith({ fragmented: true }, '10.0.0.1', '10.0.0.2')],
  ['zeros', new Probe()],
])('a probe goes over whole: %s', (_name, probe) => {
  const octets = new Uint8Array(3 * RECORD_LENGTH).fill(0xa5);
  const view = new DataView(octets.buffer);
  writeProbe(view, RECORD_LENGTH, probe, 255);
  expect([recordType(view, RECORD_LENGTH), recordDevice(view, RECORD_LENGTH)]).toEqual([
    RecordType.probe,
    255,
  ]);
  const read = probeWith(EXTREMES, '1.2.3.4', 'ff02::1');
  readProbe(view, RECORD_LENGTH, read);
  expect(read).toEqual(probe);
  const around = [...octets.slice(0, RECORD_LENGTH), ...octets.slice(2 * RECORD_LENGTH)];
  expect(new Set(around)).toEqual(new Set([0xa5]));
});

test('a count goes over, beyond 32 bits too', () => {
  const view = new DataView(new ArrayBuffer(RECORD_LENGTH));
  writeCount(view, 0, 14, 2 ** 40 + 1);
  expect(recordType(view, 0)).toBe(RecordType.count);
  expect(readCount(view, 0)).toEqual({ reason: 14, count: 2 ** 40 + 1 });
});

test('ready is a record of its own', () => {
  const view = new DataView(new ArrayBuffer(RECORD_LENGTH));
  writeReady(view, 0);
  expect(recordType(view, 0)).toBe(RecordType.ready);
});

test('whatever octets come, the kind is one that there is', () => {
  const view = new DataView(new ArrayBuffer(RECORD_LENGTH));
  const probe = new Probe();
  for (let kind = 0; kind < 256; kind++) {
    view.setUint8(1, kind);
    readProbe(view, 0, probe);
    expect(Object.values(Kind)).toContain(probe.kind);
  }
});
