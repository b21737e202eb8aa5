import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EngineError } from '../../src/share/engine.ts';
import { Lane } from '../../src/share/lane.ts';

/** The pauses after failures in a row, ms. */
async function pausesOf(failures: number, random: () => number): Promise<number[]> {
  const lane = new Lane({ what: 'x fails', again: 'x works again', tell: () => undefined, random });
  const pauses: number[] = [];
  for (let now = 0, begun = 0; pauses.length < failures; now += 100) {
    if (!lane.isDue(now)) continue;
    if (now > 0) pauses.push(now - begun);
    begun = now;
    lane.run(now, () => Promise.reject(new EngineError('no', 'undone')));
    await lane.settled();
  }
  return pauses;
}

test('each failure in a row doubles the pause, to a minute', async () => {
  const whole = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
  expect(await pausesOf(8, () => 1)).toEqual(whole);
  expect(await pausesOf(8, () => 0)).toEqual(whole.map((ms) => ms / 2));
});

test('hosts that an engine has failed at once do not come back at once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }),
      async (chances) => {
        let turn = 0;
        const pauses = await pausesOf(5, () => chances[turn++] ?? 0);
        for (const [index, ms] of pauses.entries()) {
          const longest = 1_000 * 2 ** index;
          expect(ms).toBeGreaterThanOrEqual(longest / 2);
          expect(ms).toBeLessThan(longest + 100);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('a trouble is said once, and its end', async () => {
  const told: string[] = [];
  const lane = new Lane({
    what: 'x fails',
    again: 'x works again',
    tell: (text) => told.push(text),
    random: () => 0,
  });
  for (const works of [true, false, false, true, true]) {
    lane.run(0, () => (works ? Promise.resolve() : Promise.reject(new EngineError('no', 'undone'))));
    await lane.settled();
  }
  expect(told).toEqual(['x fails: no; it is tried again.', 'x works again.']);
});
