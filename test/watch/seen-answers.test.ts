import { expect, test } from 'vitest';
import { Packet } from '../../src/decode/packet.ts';
import { SeenAnswers } from '../../src/watch/seen-answers.ts';
import { SALTS } from '../support/salts.ts';
import { address } from '../track/given.ts';

function answer(sourcePort: number, destination: string, protocol = 6): Packet {
  const packet = Object.assign(new Packet(), { protocol, sourcePort, destinationPort: 40_000 });
  packet.source.set(address('10.0.0.2'));
  packet.destination.set(address(destination));
  return packet;
}

test('each port is told once for each protocol, in the order of the answers', () => {
  for (const salt of SALTS) {
    const answers = new SeenAnswers(salt);
    for (const port of [80, 22, 80, 22]) answers.note(answer(port, '10.0.0.1'));
    answers.note(answer(80, '10.0.0.1', 17));
    answers.note(answer(80, '10.0.0.9'));
    expect(answers.to(address('10.0.0.1'))).toEqual([
      { address: '10.0.0.2', transport: 'tcp', port: 80 },
      { address: '10.0.0.2', transport: 'tcp', port: 22 },
      { address: '10.0.0.2', transport: 'udp', port: 80 },
    ]);
    expect(answers.to(address('10.0.0.5'))).toEqual([]);
  }
});

test('one address is told 64 ports, and whom nothing can be said of is told so', () => {
  const answers = new SeenAnswers(1);
  for (let port = 0; port < 65_536; port++) answers.note(answer(port, '10.0.0.1'));
  expect(answers.to(address('10.0.0.1'))).toHaveLength(64);
  expect(answers.to(address('10.0.0.5'))).toEqual([]);
  answers.note(answer(1, '10.0.0.5'));
  answers.endNotes();
  expect(answers.to(address('10.0.0.5'))).toBeNull();
  expect(answers.to(address('10.0.0.1'))).toHaveLength(64);
});

test('a datagram is an answer only if one went the other way between the same ports', () => {
  for (const salt of SALTS) {
    const answers = new SeenAnswers(salt);
    const reply = answer(53, '10.0.0.1', 17);
    const question = Object.assign(answer(40_000, '10.0.0.2', 17), { destinationPort: 53 });
    question.source.set(address('10.0.0.1'));
    // Nobody asked, nor did this port.
    answers.noteDatagram(answer(123, '10.0.0.1', 17));
    answers.noteDatagram(question);
    answers.noteDatagram(Object.assign(answer(53, '10.0.0.1', 17), { destinationPort: 40_001 }));
    expect(answers.to(address('10.0.0.1'))).toEqual([]);
    answers.noteDatagram(reply);
    answers.noteDatagram(question);
    expect(answers.to(address('10.0.0.1'))).toEqual([{ address: '10.0.0.2', transport: 'udp', port: 53 }]);
    expect(answers.to(address('10.0.0.2'))).toEqual([]);
  }
});

test('a datagram that is repeated is no answer, also where the table of exchanges grew with the first one', () => {
  const answers = new SeenAnswers(1);
  for (let port = 1; port <= 5_000; port++) {
    const asked = answer(port, '10.0.0.1', 17);
    answers.noteDatagram(asked);
    answers.noteDatagram(asked);
  }
  expect(answers.to(address('10.0.0.1'))).toEqual([]);
});

test('of several scans of one source each has the answers of its time', () => {
  const answers = new SeenAnswers(1);
  const day = 86_400_000;
  const at = (time: number, port: number) => answers.note(Object.assign(answer(port, '10.0.0.1'), { time }));
  at(day, 22);
  at(day + 500, 80);
  at(3 * day, 80);
  const portsIn = (first: number, last: number) =>
    answers.to(address('10.0.0.1'), { first, last })?.map(({ port }) => port);
  expect(portsIn(day, day + 1_000)).toEqual([22, 80]);
  expect(portsIn(day + 10_000, day + 20_000)).toEqual([22, 80]);
  expect(portsIn(day + 60_000, day + 120_000)).toEqual([80]);
  expect(portsIn(3 * day, 3 * day + 1_000)).toEqual([80]);
  expect(portsIn(4 * day, 5 * day)).toEqual([]);
  for (let port = 1_000; port < 1_064; port++) at(3 * day, port);
  // Those of the fifth day may be among the ones that are not remembered.
  expect(portsIn(4 * day, 5 * day)).toBeUndefined();
});
