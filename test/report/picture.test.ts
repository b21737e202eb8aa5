import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { hashOf, PICTURE_HASH, PICTURES, picturePage } from '../support/report-picture.ts';

beforeEach(() => void vi.stubEnv('TZ', 'UTC'));
afterEach(() => vi.unstubAllEnvs());

test("the pictures of README are of today's page; otherwise run make pictures, and look at them", async () => {
  expect(hashOf(await picturePage())).toBe(readFileSync(PICTURE_HASH, 'utf8'));
  const readme = readFileSync('README.md', 'utf8');
  for (const path of Object.values(PICTURES)) {
    expect(readme).toContain(path);
    expect(readFileSync(path).subarray(1, 4).toString()).toBe('PNG');
  }
});
