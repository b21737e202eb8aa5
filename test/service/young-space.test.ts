import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

/**
 * Creates so many objects that outlive a scavenge that V8 wants to grow the space. Prints the growth as a factor: the
 * median of 20 samples, because Node 24 briefly holds a few more pages while it marks.
 */
const CHURN = `
  import { getHeapSpaceStatistics } from 'node:v8';
  const { boundYoungSpace } = await import(process.argv[1]);
  if (process.argv[2] === 'bounded') boundYoungSpace();
  const size = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size;
  const before = size();
  const samples = [];
  let kept = [];
  for (let index = 0; index < 2_000_000; index++) {
    kept.push({ index, list: [index] });
    if (kept.length > 60_000) kept = [];
    if (index % 100_000 === 0) samples.push(size() / before);
  }
  console.log(samples.sort((one, other) => one - other)[10]);
`;

const MODULE = pathToFileURL(resolve('dist/service/young-space.js')).href;

function growth(how: 'bounded' | 'free'): number {
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', CHURN, MODULE, how]));
}

test('the young generation does not grow, however many objects are created', () => {
  // V8 allocates the second half only at the first scavenge, which doubles the size.
  expect(growth('free')).toBeGreaterThan(2);
  expect(growth('bounded')).toBeLessThanOrEqual(2);
});
