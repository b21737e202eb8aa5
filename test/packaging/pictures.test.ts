import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TOP_PICTURE, topPicture } from '../support/top-picture.ts';

test('the picture of top is what the program draws today; otherwise run fixtures/make/pictures', () => {
  expect(readFileSync(TOP_PICTURE, 'utf8')).toBe(topPicture());
});

test('README shows it', () => {
  expect(readFileSync('README.md', 'utf8')).toContain(`](${TOP_PICTURE})`);
});
