import { expect, test } from 'vitest';
import { Address } from '../../src/net/address.ts';
import { NO_NUMBER, TargetNumbers } from '../../src/track/target-numbers.ts';
import { SALTS } from '../support/salts.ts';

test('addresses have numbers in the order in which they come, whatever the salt', () => {
  for (const salt of SALTS) {
    const numbers = new TargetNumbers(salt);
    for (let round = 0; round < 2; round++) {
      for (let host = 0; host < 2_000; host++) {
        const address = host % 2 === 0 ? Address.v4(host) : new Address(0xfd000000, 0, host, 1);
        expect(numbers.numberOf(address)).toBe(host);
        expect(numbers.address(host).equals(address)).toBe(true);
      }
    }
  }
});

test('after the first 65,536 there are no more', () => {
  const numbers = new TargetNumbers(1);
  for (let host = 0; host < 65_536; host++) numbers.numberOf(Address.v4(host));
  expect(numbers.numberOf(Address.v4(65_536))).toBe(NO_NUMBER);
  expect(numbers.numberOf(Address.v4(65_535))).toBe(65_535);
});
