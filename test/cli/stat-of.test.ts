import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { statOf } from '../../src/cli/stat-of.ts';

test('the status of a path, or why there is none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-stat-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync('loop', join(folder, 'loop'));
  expect(statOf(folder).stats?.isDirectory()).toBe(true);
  expect(statOf(join(folder, 'none'))).toEqual({ stats: null, reason: null });
  expect(statOf(join(folder, 'loop'))).toEqual({
    stats: null,
    reason: expect.stringMatching(/symbolic link/),
  });
  expect(statOf(join(folder, 'x'.repeat(300)))).toEqual({ stats: null, reason: 'name too long' });
});
