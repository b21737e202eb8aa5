import { expect, test } from 'vitest';
import { Address } from '../../src/net/address.ts';
import { Returning } from '../../src/sensor/returning.ts';

const { v4 } = Address;

test('a source is known from its second packet on, whoever comes once in between', () => {
  const returning = new Returning(7);
  expect(returning.isAgain(v4(0xcb007101))).toBe(false);
  for (let forged = 0; forged < 1_000; forged++) returning.isAgain(v4(0x0b000000 + forged));
  expect(returning.isAgain(v4(0xcb007101))).toBe(true);
  expect(returning.isAgain(new Address(0x20010db8, 0, 0, 1))).toBe(false);
  expect(returning.isAgain(new Address(0x20010db8, 0, 0, 1))).toBe(true);
});

test('of many sources that come once, almost none is taken for one that comes again', () => {
  const returning = new Returning(7);
  let again = 0;
  for (let forged = 0; forged < 100_000; forged++) if (returning.isAgain(v4(0x0b000000 + forged))) again++;
  expect(again).toBeLessThan(10);
});
