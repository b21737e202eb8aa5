import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

/**
 * Makes so many objects that outlive a sweep that V8 would like more room; prints how many times what it had it has
 * meanwhile: the median of 20 looks, for Node 24 holds a few pages more for a moment while it marks.
 */
const CHURN = `
  import { getHeapSpaceStatistics } from 'node:v8';
  const { boundYoungSpace } = await import(process.argv[1]);
  if (process.argv[2] === 'bounded') boundYoungSpace();
  const room = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size;
  const before = room();
  const looks = [];
  let kept = [];
  for (let index = 0; index < 2_000_000; index++) {
    kept.push({ index, list: [index] });
    if (kept.length > 60_000) kept = [];
    if (index % 100_000 === 0) looks.push(room() / before);
  }
  console.log(looks.sort((one, other) => one - other)[10]);
`;

const MODULE = pathToFileURL(resolve('dist/service/young-space.js')).href;

function growth(how: 'bounded' | 'free'): number {
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', CHURN, MODULE, how]));
}

test('however many objects are made, their space does not grow', () => {
  // The second half is taken only when the first is swept for the first time.
  expect(growth('free')).toBeGreaterThan(2);
  expect(growth('bounded')).toBeLessThanOrEqual(2);
});
