import { expect, test } from 'vitest';
import { PortSet } from '../../src/config/ports.ts';
import { UdpAnswers } from '../../src/listen/udp-answers.ts';
import type { Address } from '../../src/net/address.ts';
import { parseAddress } from '../../src/net/address.ts';
import { PROTOCOL_UDP } from '../../src/net/protocol.ts';

const BANNER = Buffer.from('go away');
const OWN = '10.99.0.2';

let now = 0;

function answersWith(amplifies = false): UdpAnswers {
  return new UdpAnswers({
    banner: () => BANNER,
    amplifies: () => amplifies,
    ports: () => PortSet.of([{ first: 31_335, last: 31_337 }]),
    isOwn: (address) => String(address) === OWN,
    now: () => now,
  });
}

function contact(sourcePort: number, source = '10.99.0.1') {
  const [from, to] = [source, OWN].map((text) => parseAddress(text) as Address) as [Address, Address];
  return { protocol: PROTOCOL_UDP, source: from, sourcePort, destination: to, destinationPort: 31_337 };
}

function sent(answers: UdpAnswers, length: number, of = contact(40_000)): string {
  return Buffer.from(answers.octetsFor(length, of)).toString();
}

test.each([
  [0, ''],
  [1, 'g'],
  [6, 'go awa'],
  [7, 'go away'],
  [1_400, 'go away'],
])('a datagram of %i octets is answered with no more: %j', (length, answer) => {
  expect(sent(answersWith(), length)).toBe(answer);
});

test('UDP_BANNER_AMPLIFY="1" answers with the whole banner', () => {
  expect(sent(answersWith(true), 0)).toBe('go away');
});

test.each([
  ['echo', contact(7)],
  ['chargen', contact(19)],
  ['a resolver', contact(53)],
  ['no port', contact(0)],
  ['a port of the list, which another portsentry may use', contact(31_335)],
  ['this host', contact(40_000, OWN)],
])('%s might answer the answer, so none is sent', (_name, of) => {
  expect(sent(answersWith(true), 100, of)).toBe('');
});

test('no more than 100 answers a second', () => {
  const answers = answersWith();
  const answered = () => Array.from({ length: 150 }, () => sent(answers, 9)).filter(Boolean).length;
  now = 5_000;
  expect(answered()).toBe(100);
  now = 5_999;
  expect(answered()).toBe(0);
  now = 6_000;
  expect(answered()).toBe(100);
});
