import dgram from 'node:dgram';
import { expect, onTestFinished, test } from 'vitest';
import { AnswerKind, LeftAnswer } from '../../src/classify/answer.ts';
import { Kind } from '../../src/classify/kind.ts';
import { PortSet } from '../../src/config/ports.ts';
import { ProbeReceiver } from '../../src/daemon/probe-receiver.ts';
import { Engine } from '../../src/engine.ts';
import { PROTOCOL_TCP } from '../../src/net/protocol.ts';
import { RecordCheck } from '../../src/sensor/record-check.ts';
import {
  RECORD_LENGTH,
  writeAnswer,
  writeCount,
  writeProbe,
  writeReady,
} from '../../src/sensor/record-format.ts';
import type { ProbeEvent } from '../../src/track/event.ts';
import { homeOfAddresses } from '../../src/watch/home.ts';
import { SocketTable } from '../../src/watch/sockets.ts';
import { configWith } from '../respond/given.ts';
import { engineParts, recorderOf } from '../support/engine-parts.ts';
import { address, type ProbeFields, probe, START } from '../track/given.ts';

const MODES = { tcp: 'stcp', udp: 'sudp' } as const;
const HOST = '127.0.0.1';

/** A receiver before a real engine with the real socket table, and the ports of the probes that got through. */
function makeReceiver() {
  const events: ProbeEvent[] = [];
  const recorder = recorderOf({ probe: (event) => events.push(event) });
  const everyPort = PortSet.below(65_536);
  const config = configWith({ tcpPorts: everyPort, udpPorts: everyPort });
  const sockets = new SocketTable('/proc/self/net');
  const home = homeOfAddresses([address(HOST)]);
  const parts = { home, inUse: sockets, connections: sockets };
  const engine = new Engine(engineParts(config, recorder, parts, MODES));
  const clock = { now: START };
  const now = () => clock.now;
  const check = new RecordCheck({ now, tell: () => {} });
  const receiver = new ProbeReceiver({ engine, sockets, check, home: () => home, now });
  return { receiver, clock, ports: () => events.map(({ destinationPort }) => destinationPort) };
}

/** Records as the sensor writes them, all from one device. */
function records(device: number, ...probes: ProbeFields[]): [DataView, number] {
  const view = new DataView(new ArrayBuffer((probes.length + 2) * RECORD_LENGTH));
  writeReady(view, 0, 0);
  for (const [index, fields] of probes.entries()) {
    writeProbe(view, (index + 1) * RECORD_LENGTH, probe({ destination: HOST, ...fields }), device);
  }
  writeCount(view, (probes.length + 1) * RECORD_LENGTH, 4, 99);
  return [view, view.byteLength];
}

test('probes reach the engine, records about the sensor itself do not', async () => {
  const { receiver, ports } = makeReceiver();
  await receiver.take(...records(0, { port: 1 }, { port: 2, kind: Kind.udp }), 1);
  expect(ports()).toEqual([1, 2]);
});

test('a packet that two devices, or an old and a new sensor, have both seen counts once', async () => {
  const { receiver, ports } = makeReceiver();
  await receiver.take(...records(0, { port: 1 }), 1);
  await receiver.take(...records(1, { port: 1 }), 1);
  await receiver.take(...records(0, { port: 1 }), 2);
  expect([ports(), receiver.duplicates]).toEqual([[1], 2]);
});

test('a probe to a port in use does not reach the engine, and is counted', async () => {
  const { receiver, ports } = makeReceiver();
  const socket = dgram.createSocket('udp4');
  onTestFinished(() => void socket.close());
  await new Promise<void>((resolve) => socket.bind(0, HOST, resolve));
  const { port } = socket.address();
  await receiver.take(...records(0, { port, kind: Kind.udp }, { port, kind: Kind.syn }), 1);
  expect(ports()).toEqual([port]);
  expect([receiver.takeInUse(), receiver.takeInUse()]).toEqual([1, 0]);
});

test('the late answer to a query of this host is no probe; the same datagram to another port is one', async () => {
  const { receiver, ports, clock } = makeReceiver();
  const query = { source: HOST, sourcePort: 45_000, destination: '192.0.2.53', port: 53, kind: Kind.udp };
  const answer = { source: '192.0.2.53', sourcePort: 53, kind: Kind.udp, at: 59_000 };
  await receiver.take(...records(0, query), 1);
  clock.now = START + 60_000;
  await receiver.take(...records(0, { ...answer, port: 45_000 }, { ...answer, port: 45_001 }), 1);
  expect(ports()).toEqual([45_001]);
  await receiver.take(...records(0, { ...answer, port: 45_000, at: 60_001 }), 1);
  expect(ports()).toEqual([45_001, 45_000]);
});

test('a port from which this host answers a SYN is in use, although nothing listens there any more', async () => {
  const { receiver, ports } = makeReceiver();
  const [view, length] = records(0, { port: 3_000 }, { port: 3_001 }, { port: 3_002 });
  const answer = (source: string, sourcePort: number, kind: AnswerKind = AnswerKind.synAck) => {
    const left = new LeftAnswer();
    left.source.set(address(source));
    return Object.assign(left, { kind, sourcePort, protocol: PROTOCOL_TCP, time: START });
  };
  // The answers take the places of the records about the sensor. An answer of another host shows nothing.
  writeAnswer(view, length - RECORD_LENGTH, answer(HOST, 3_001));
  writeAnswer(view, 0, answer('127.0.0.2', 3_000));
  await receiver.take(view, length, 1);
  expect(ports()).toEqual([3_000, 3_002]);
});

test('packets to other hosts are dropped', async () => {
  const { receiver, ports } = makeReceiver();
  await receiver.take(...records(0, { destination: '10.0.0.3' }, { source: HOST }), 1);
  expect(ports()).toEqual([]);
});
