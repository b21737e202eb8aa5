import { expect, test } from 'vitest';
import { CAPTURE_NAMES, relativePath } from '../support/golden.ts';
import { FIXTURE_OPTIONS, replayWith } from '../support/replay-in-process.ts';

async function summaryOf(name: string, format: 'text' | 'json' | 'none'): Promise<string | undefined> {
  const { lines } = await replayWith(1, [relativePath(name)], {
    ...FIXTURE_OPTIONS,
    format,
    summary: 'json',
  });
  return lines.at(-1);
}

test.each(CAPTURE_NAMES)('the summary of %s is the same with and without its events', async (name) => {
  const summary = await summaryOf(name, 'none');
  expect(JSON.parse(summary ?? '')).toMatchObject({ files: 1 });
  expect(await summaryOf(name, 'json')).toBe(summary);
});
