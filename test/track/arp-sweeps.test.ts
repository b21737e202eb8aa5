import { expect, test } from 'vitest';
import { Kind } from '../../src/classify/kind.ts';
import { ArpSweeps } from '../../src/track/arp-sweeps.ts';
import { probe } from './given.ts';

const question = (host: number, at: number, source = '10.0.0.1') =>
  probe({ kind: Kind.arp, source, destination: `10.0.0.${host}`, at });

test('the seventeenth address within 10 s makes a sweep, and the next ones go on with it', () => {
  const sweeps = new ArpSweeps();
  const said = Array.from({ length: 20 }, (_, index) => sweeps.counts(question(100 + index, index * 625)));
  expect(said).toEqual(Array.from({ length: 20 }, (_, index) => index >= 16));
});

test('17 addresses in more than 10 s are no sweep', () => {
  const sweeps = new ArpSweeps();
  for (let index = 0; index < 100; index++)
    expect(sweeps.counts(question(100 + index, index * 626))).toBe(false);
});

test('nor are 16 addresses, however often', () => {
  const sweeps = new ArpSweeps();
  for (let index = 0; index < 500; index++) expect(sweeps.counts(question(index % 16, index))).toBe(false);
});

test('each neighbour has its own count, and a flood of them leaves those who ask most lately', () => {
  const sweeps = new ArpSweeps();
  for (let host = 0; host < 16; host++) sweeps.counts(question(host, 0));
  for (let index = 0; index < 100_000; index++) {
    const other = question(1, 0);
    other.source.setV4(0x0b000000 + index);
    expect(sweeps.counts(other)).toBe(false);
    if (index % 500 === 0) sweeps.counts(question(15, 0));
  }
  expect(sweeps.counts(question(16, 0))).toBe(true);
});
