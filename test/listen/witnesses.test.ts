import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Visit } from '../../src/listen/visit.ts';
import { Witnesses } from '../../src/listen/witnesses.ts';
import { Address } from '../../src/net/address.ts';
import { PROTOCOL_TCP } from '../../src/net/protocol.ts';

const SCANNER = 1;
const OTHER = 2;
const FORGED = 3;

let now: number;
let visits: Visit[];
let nameless: number[];
let witnesses: Witnesses;
beforeEach(() => {
  now = 1_000_000;
  visits = [];
  nameless = [];
  const handlers = {
    visit: (visit: Visit) => visits.push(visit),
    nameless: (port: number) => nameless.push(port),
  };
  witnesses = new Witnesses(handlers, () => now);
});
afterEach(() => witnesses.close());

function from(source: number, sourcePort: number, destinationPort = 80): Visit {
  const [own, other] = [Address.v4(100), Address.v4(source)];
  return { protocol: PROTOCOL_TCP, source: other, sourcePort, destination: own, destinationPort };
}

function named(): string[] {
  return visits.map(
    ({ source, sourcePort, destinationPort }) => `${source.w3}:${sourcePort} ${destinationPort}`,
  );
}

/** Lets `ms` go by. */
function wait(ms: number): void {
  now += ms;
  witnesses.settle();
}

test('a connection without a name gets that of the SYN, whichever is known first', () => {
  witnesses.noteSyn(from(SCANNER, 40_000));
  witnesses.noteNameless(80);
  wait(50);
  witnesses.noteNameless(81);
  wait(50);
  witnesses.noteSyn(from(SCANNER, 40_001, 81));
  wait(50);
  expect(named()).toEqual(['1:40000 80', '1:40001 81']);
  wait(5_000);
  expect(nameless).toEqual([]);
});

test('one that had a name leaves its SYN to nobody, whichever is known first', () => {
  witnesses.noteSyn(from(OTHER, 40_000));
  witnesses.noteNamed(from(OTHER, 40_000));
  witnesses.noteNamed(from(OTHER, 40_001));
  witnesses.noteSyn(from(OTHER, 40_001));
  witnesses.noteNameless(80);
  wait(1_000);
  expect(named()).toEqual([]);
  expect(nameless).toEqual([80]);
});

test('a forged SYN brings nobody into suspicion: with two that knocked and one that came in, none is named', () => {
  witnesses.noteSyn(from(FORGED, 40_000));
  witnesses.noteSyn(from(SCANNER, 40_001));
  witnesses.noteNameless(80);
  wait(1_000);
  expect(named()).toEqual([]);
  expect(nameless).toEqual([80]);
});

test('as many that came in as knocked: each is named', () => {
  witnesses.noteSyn(from(OTHER, 40_000));
  witnesses.noteSyn(from(SCANNER, 40_001));
  witnesses.noteNameless(80);
  witnesses.noteNameless(80);
  wait(50);
  expect(named()).toEqual(['2:40000 80', '1:40001 80']);
});

test('several SYNs of one source name it, as often as it came in', () => {
  witnesses.noteSyn(from(SCANNER, 40_000));
  witnesses.noteSyn(from(SCANNER, 40_001));
  witnesses.noteNameless(80);
  wait(50);
  expect(named()).toEqual(['1:40000 80']);
});

test('a SYN that is sent again is one, another port is none of its, and an old one is forgotten', () => {
  witnesses.noteSyn(from(SCANNER, 40_000));
  witnesses.noteSyn(from(SCANNER, 40_000));
  witnesses.noteSyn(from(OTHER, 40_000, 443));
  witnesses.noteNameless(80);
  wait(50);
  expect(named()).toEqual(['1:40000 80']);
  wait(3_001);
  witnesses.noteNameless(443);
  wait(1_000);
  expect(nameless).toEqual([443]);
});

test('a flood is bounded: of SYNs the oldest are forgotten, of connections the newest are given up', () => {
  for (let port = 0; port < 1_500; port++) witnesses.noteSyn(from(SCANNER, port));
  for (let count = 0; count < 1_500; count++) witnesses.noteNameless(80);
  expect(nameless).toHaveLength(1_500 - 1_024);
  wait(50);
  expect(visits).toHaveLength(1_024);
  expect(visits[0]?.sourcePort).toBe(1_500 - 1_024);
});
