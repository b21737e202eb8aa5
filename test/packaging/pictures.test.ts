import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SHARE_PICTURE, sharePicture } from '../support/share-picture.ts';
import { TOP_PICTURE, topPicture } from '../support/top-picture.ts';

describe.each([
  [TOP_PICTURE, topPicture],
  [SHARE_PICTURE, sharePicture],
])('%s', (path, picture) => {
  test('is what the program prints today; otherwise run fixtures/make/pictures', () => {
    expect(readFileSync(path, 'utf8')).toBe(picture());
  });

  test('is shown by README', () => {
    expect(readFileSync('README.md', 'utf8')).toContain(`](${path})`);
  });
});
