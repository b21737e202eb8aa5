import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

/** Makes so many objects that outlive a sweep that V8 would like more room; prints how many times what it had it has then. */
const CHURN = `
  import { getHeapSpaceStatistics } from 'node:v8';
  const { boundYoungSpace } = await import(process.argv[1]);
  if (process.argv[2] === 'bounded') boundYoungSpace();
  const room = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size;
  const before = room();
  let kept = [];
  for (let index = 0; index < 2_000_000; index++) {
    kept.push({ index, list: [index] });
    if (kept.length > 60_000) kept = [];
  }
  console.log(room() / before);
`;

const MODULE = pathToFileURL(resolve('dist/life/young-space.js')).href;

function growth(how: 'bounded' | 'free'): number {
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', CHURN, MODULE, how]));
}

test('however many objects are made, their space does not grow', () => {
  // The second half is taken only when the first is swept for the first time.
  expect(growth('free')).toBeGreaterThan(2);
  expect(growth('bounded')).toBeLessThanOrEqual(2);
}, 30_000);
