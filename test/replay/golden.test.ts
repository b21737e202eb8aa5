import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CAPTURE_NAMES, goldenPath, replayFixture } from '../support/golden.ts';

/** Captures in, golden text out. `fixtures/make/golden` renews it; look at the difference before you commit it. */
describe('golden replays', () => {
  test.each(CAPTURE_NAMES)('%s', (name) => {
    const { status, stdout } = replayFixture(name);
    expect(status).toBe(0);
    expect(stdout).toBe(readFileSync(goldenPath(name), 'utf8'));
  });

  test('there is one for every capture and none for nothing', () => {
    const names = readdirSync('fixtures/golden').map((file) => basename(file, '.json'));
    expect(names.sort()).toEqual([...CAPTURE_NAMES]);
  });
});

test.each(CAPTURE_NAMES.filter((name) => /^(honest-|outbound|backscatter|bad-checksum|groups)/.test(name)))(
  'nobody is accused by %s',
  (name) => {
    expect(replayFixture(name).stdout).toBe('');
  },
);

test('one scan is the same story in every form of file', () => {
  const forms = CAPTURE_NAMES.filter((name) => /^nmap-sS(\.|-(?!6))/.test(name));
  expect(forms.length).toBeGreaterThanOrEqual(8);
  const stories = new Set(forms.map((name) => replayFixture(name).stdout));
  expect(stories.size).toBe(1);
  expect([...stories][0]).toContain('"kind":"syn"');
});
