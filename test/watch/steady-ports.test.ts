import { expect, test } from 'vitest';
import { Address, parseAddress } from '../../src/net/address.ts';
import { SteadyPorts } from '../../src/watch/steady-ports.ts';

const FIRST = Address.v4(0x0a000001);
const SECOND = Address.v4(0x0a000002);
const ANY4 = Address.v4(0);
const ANY6 = new Address();
const V6 = parseAddress('fd00::1') as Address;

const at = (address: Address, ...ports: number[]) => ports.map((port) => ({ address, port }));

test('a port bound at the start is a service', () => {
  const steady = new SteadyPorts();
  expect(steady.update(at(ANY4, 22, 80), [FIRST], 0, true)).toBe(true);
  expect(steady.ports.toString()).toBe('22,80');
  expect(steady.update(at(ANY4, 22, 80), [FIRST], 1_000)).toBe(false);
});

test('a later one becomes a service after 10 s without a break', () => {
  const steady = new SteadyPorts();
  for (let now = 0; now < 10_000; now += 1_000) expect(steady.update(at(ANY4, 22), [FIRST], now)).toBe(false);
  expect(steady.update(at(ANY4, 22), [FIRST], 10_000)).toBe(true);
  expect(steady.ports.toString()).toBe('22');
});

test('under load, a port bound a moment ago is one too', () => {
  const steady = new SteadyPorts();
  expect(steady.update(at(ANY4, 5201), [FIRST], 1_000)).toBe(false);
  expect(steady.update(at(ANY4, 5201), [FIRST], 2_000, true)).toBe(true);
  expect(steady.ports.toString()).toBe('5201');
});

test('a temporary listener never is one, however often it returns', () => {
  const steady = new SteadyPorts();
  for (let now = 0; now < 100_000; now += 1_000) {
    expect(steady.update(now % 9_000 === 0 ? [] : at(ANY4, 20_000), [FIRST], now)).toBe(false);
  }
});

test('a service that is gone for 60 s is one no more; a restart changes nothing', () => {
  const steady = new SteadyPorts();
  steady.update(at(ANY4, 22), [FIRST], 0, true);
  expect(steady.update([], [FIRST], 59_999)).toBe(false);
  expect(steady.update(at(ANY4, 22), [FIRST], 60_000)).toBe(false);
  expect(steady.update([], [FIRST], 119_999)).toBe(false);
  expect(steady.update([], [FIRST], 120_000)).toBe(true);
  expect(steady.ports.size).toBe(0);
});

test.each<[string, Address[], ReturnType<typeof at>, string]>([
  ['one of two addresses', [FIRST, SECOND], at(FIRST, 25), ''],
  ['each address', [FIRST, SECOND], [...at(FIRST, 25), ...at(SECOND, 25)], '25'],
  ['all of IPv4', [FIRST, SECOND], at(ANY4, 25), '25'],
  ['all of IPv6, which takes IPv4 too', [FIRST], at(ANY6, 25), '25'],
  ['all of IPv4, for IPv6', [V6], at(ANY4, 25), ''],
  ['all of IPv6, for IPv6', [V6], at(ANY6, 25), '25'],
  ['an address that is not ours', [FIRST], at(SECOND, 25), ''],
  ['no address of ours', [], at(FIRST, 25), ''],
])('bound at %s', (_name, addresses, sockets, expected) => {
  const steady = new SteadyPorts();
  steady.update(sockets, addresses, 0, true);
  expect(steady.ports.toString()).toBe(expected);
});
