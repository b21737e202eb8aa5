import { expect, test } from 'vitest';
import { Lack, namesOfLacks } from '../../src/sensor/lacks.ts';

test('each protection that is missing is named with what would give it', () => {
  const masks = Object.values(Lack);
  const names = masks.flatMap(namesOfLacks);
  expect(new Set(names).size).toBe(masks.length);
  expect(namesOfLacks(Lack.limits | Lack.systemCallFilter)).toEqual([
    'limits (prlimit)',
    'a system call filter (enosys, systemd)',
  ]);
  expect(namesOfLacks(0)).toEqual([]);
});
