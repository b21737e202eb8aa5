import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Contact } from '../../src/listen/contact.ts';
import { SynMatcher } from '../../src/listen/syn-matcher.ts';
import { Address } from '../../src/net/address.ts';
import { PROTOCOL_TCP } from '../../src/net/protocol.ts';

const SCANNER = 1;
const OTHER = 2;
const FORGED = 3;

let now: number;
let contacts: Contact[];
let nameless: number[];
let matcher: SynMatcher;
beforeEach(() => {
  now = 1_000_000;
  contacts = [];
  nameless = [];
  const handlers = {
    contact: (contact: Contact) => contacts.push(contact),
    nameless: (port: number) => nameless.push(port),
  };
  matcher = new SynMatcher(handlers, () => now);
});
afterEach(() => matcher.close());

function from(source: number, sourcePort: number, destinationPort = 80): Contact {
  const [own, other] = [Address.v4(100), Address.v4(source)];
  return { protocol: PROTOCOL_TCP, source: other, sourcePort, destination: own, destinationPort };
}

function named(): string[] {
  return contacts.map(
    ({ source, sourcePort, destinationPort }) => `${source.w3}:${sourcePort} ${destinationPort}`,
  );
}

/** Advances the time by `ms`. */
function wait(ms: number): void {
  now += ms;
  matcher.settle();
}

test('a nameless connection gets the source of its SYN, whichever arrives first', () => {
  matcher.noteSyn(from(SCANNER, 40_000));
  matcher.noteNameless(80);
  wait(50);
  matcher.noteNameless(81);
  wait(50);
  matcher.noteSyn(from(SCANNER, 40_001, 81));
  wait(50);
  expect(named()).toEqual(['1:40000 80', '1:40001 81']);
  wait(5_000);
  expect(nameless).toEqual([]);
});

test('the SYN of a connection with a known source matches no other, whichever arrives first', () => {
  matcher.noteSyn(from(OTHER, 40_000));
  matcher.noteNamed(from(OTHER, 40_000));
  matcher.noteNamed(from(OTHER, 40_001));
  matcher.noteSyn(from(OTHER, 40_001));
  matcher.noteNameless(80);
  wait(1_000);
  expect(named()).toEqual([]);
  expect(nameless).toEqual([80]);
});

test('a forged SYN incriminates nobody: with two SYNs and one connection, no source is reported', () => {
  matcher.noteSyn(from(FORGED, 40_000));
  matcher.noteSyn(from(SCANNER, 40_001));
  matcher.noteNameless(80);
  wait(1_000);
  expect(named()).toEqual([]);
  expect(nameless).toEqual([80]);
});

test('with as many connections as SYNs, each source is reported', () => {
  matcher.noteSyn(from(OTHER, 40_000));
  matcher.noteSyn(from(SCANNER, 40_001));
  matcher.noteNameless(80);
  matcher.noteNameless(80);
  wait(50);
  expect(named()).toEqual(['2:40000 80', '1:40001 80']);
});

test('with several SYNs of one source, it is reported once per connection', () => {
  matcher.noteSyn(from(SCANNER, 40_000));
  matcher.noteSyn(from(SCANNER, 40_001));
  matcher.noteNameless(80);
  wait(50);
  expect(named()).toEqual(['1:40000 80']);
});

test('a repeated SYN counts once, a SYN to another port does not match, and an old one is forgotten', () => {
  matcher.noteSyn(from(SCANNER, 40_000));
  matcher.noteSyn(from(SCANNER, 40_000));
  matcher.noteSyn(from(OTHER, 40_000, 443));
  matcher.noteNameless(80);
  wait(50);
  expect(named()).toEqual(['1:40000 80']);
  wait(3_001);
  matcher.noteNameless(443);
  wait(1_000);
  expect(nameless).toEqual([443]);
});

test('in a flood, the oldest SYNs are forgotten and the newest connections are given up', () => {
  for (let port = 0; port < 1_500; port++) matcher.noteSyn(from(SCANNER, port));
  for (let count = 0; count < 1_500; count++) matcher.noteNameless(80);
  expect(nameless).toHaveLength(1_500 - 1_024);
  wait(50);
  expect(contacts).toHaveLength(1_024);
  expect(contacts[0]?.sourcePort).toBe(1_500 - 1_024);
});
