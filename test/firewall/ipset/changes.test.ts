import { expect, test } from 'vitest';
import { changeLines, GUARDED, guardLines, UNGUARDED } from '../../../src/firewall/ipset/changes.ts';
import { blocking, NOW, releasing } from '../given.ts';

const DAY_MS = 86_400_000;

test.each([
  [blocking('10.99.0.1'), 'add portsentry4 10.99.0.1/32 timeout 0 -exist'],
  [blocking('10.99.0.1', DAY_MS), 'add portsentry4 10.99.0.1/32 timeout 86400 -exist'],
  [blocking('2001:db8::/64', 1), 'add portsentry6 2001:db8::/64 timeout 1 -exist'],
  // Rounded up: never released before the end that we report.
  [blocking('10.99.0.1', 1_001), 'add portsentry4 10.99.0.1/32 timeout 2 -exist'],
  // Ended since it was put into the batch; 0 would be for ever.
  [blocking('10.99.0.1', -5_000), 'add portsentry4 10.99.0.1/32 timeout 1 -exist'],
  // The kernel's limit is 2,147,483 s; the daemon ends longer blocks.
  [blocking('10.99.0.1', 2_147_483_000), 'add portsentry4 10.99.0.1/32 timeout 2147483 -exist'],
  [blocking('10.99.0.1', 2_147_483_001), 'add portsentry4 10.99.0.1/32 timeout 0 -exist'],
  [releasing('2001:db8::1'), 'del portsentry6 2001:db8::1/128 -exist'],
])('%j', (change, line) => {
  expect(changeLines([change], NOW)).toEqual([line]);
});

test('the guard asks for each family, and its answers are recognised', () => {
  expect(guardLines([4, 6])).toEqual(['rename portsentry4 portsentry4', 'rename portsentry6 portsentry6']);
  const stands = 'ipset v7.17: Set cannot be renamed: it is in use by another system\n';
  const gone = 'ipset v7.17: Set cannot be renamed: a set with the new name already exists\n';
  expect(`${stands}x\n${stands}`.replace(GUARDED, '')).toBe('x\n');
  expect(gone.replace(GUARDED, '')).toBe(gone);
  expect(UNGUARDED.test(gone)).toBe(true);
  expect(UNGUARDED.test(stands)).toBe(false);
});
