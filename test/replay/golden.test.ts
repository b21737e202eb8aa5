import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CAPTURE_NAMES, goldenPath, relativePath, replayFixture } from '../support/golden.ts';
import { FIXTURE_OPTIONS, replayWith } from '../support/replay-in-process.ts';
import { SALTS } from '../support/salts.ts';

/** Captures in, golden text out. `fixtures/make/golden` renews the text; read the difference before you commit it. */
describe('golden replays', () => {
  test.each(CAPTURE_NAMES)('%s', (name) => {
    const { status, stdout } = replayFixture(name);
    expect(status).toBe(0);
    expect(stdout).toBe(readFileSync(goldenPath(name), 'utf8'));
  });

  test.each(CAPTURE_NAMES)('%s is the same with every salt', async (name) => {
    const golden = readFileSync(goldenPath(name), 'utf8');
    for (const salt of SALTS) {
      const { exit, lines } = await replayWith(salt, [relativePath(name)], FIXTURE_OPTIONS);
      expect([exit, lines.map((line) => `${line}\n`).join('')], `salt ${salt}`).toEqual([0, golden]);
    }
  });

  test('every capture has its golden text, and there is no other', () => {
    const names = readdirSync('fixtures/golden').map((file) => basename(file, '.json'));
    expect(names.sort()).toEqual([...CAPTURE_NAMES]);
  });
});

test.each(CAPTURE_NAMES.filter((name) => /^(honest-|outbound|backscatter|bad-checksum|groups)/.test(name)))(
  'nothing is detected in %s',
  (name) => {
    expect(replayFixture(name).stdout).toBe('');
  },
);

test('one scan has the same output in every capture format', () => {
  const formats = CAPTURE_NAMES.filter((name) => /^nmap-sS(\.|-(?!6))/.test(name));
  expect(formats.length).toBeGreaterThanOrEqual(8);
  // Another file has other frames before the scan.
  const withoutPlaces = (text: string) => text.replace(/"(log":\{.*?\}\}|(last_)?frame":\d+),/g, '');
  const outputs = new Set(formats.map((name) => withoutPlaces(replayFixture(name).stdout)));
  expect(outputs.size).toBe(1);
  expect([...outputs][0]).toContain('"kind":"syn"');
});
