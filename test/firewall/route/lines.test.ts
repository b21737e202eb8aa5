import { expect, test } from 'vitest';
import { readDestinations, readErrors, routeLine } from '../../../src/firewall/route/lines.ts';
import { blocking, releasing } from '../given.ts';

test('our routes are marked, and win over others', () => {
  expect(routeLine(blocking('10.99.0.1'))).toBe('route add blackhole 10.99.0.1/32 proto 80 metric 0');
  expect(routeLine(releasing('2001:db8::/64'))).toBe('route del blackhole 2001:db8::/64 proto 80 metric 1');
});

test('each error belongs to its line', () => {
  const stderr = `RTNETLINK answers: File exists
Command failed -:2
Error: Invalid prefix for given prefix length.
Command failed -:4
RTNETLINK answers: No such process
Command failed -:7
`;
  expect([...readErrors(stderr)]).toEqual([
    [2, 'File exists'],
    [4, 'Invalid prefix for given prefix length.'],
    [7, 'No such process'],
  ]);
  expect(readErrors('Cannot open netlink socket: Operation not permitted\n').size).toBe(0);
});

test.each([
  ['', []],
  ['[ ]\n', []],
  [
    '[{"type":"blackhole","dst":"10.0.0.8","flags":[]},{"dst":"10.1.0.0/16"},{},null]',
    ['10.0.0.8', '10.1.0.0/16'],
  ],
  ['blackhole 10.0.0.8', null],
  ['{}', null],
])('the destinations in %j', (text, destinations) => {
  expect(readDestinations(text)).toEqual(destinations);
});
