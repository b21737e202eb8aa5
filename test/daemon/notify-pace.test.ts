import { chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NotifyPace } from '../../src/daemon/notify-pace.ts';
import { NOON, testFolder } from '../record/given.ts';

test('the time of the last notification outlasts the process', () => {
  const folder = testFolder();
  expect(new NotifyPace(folder).last).toBeNull();
  new NotifyPace(folder).note(NOON);
  expect(new NotifyPace(folder).last).toBeCloseTo(NOON, 0);
  new NotifyPace(folder).note(NOON + 5_000);
  expect(new NotifyPace(folder).last).toBeCloseTo(NOON + 5_000, 0);
  expect(statSync(join(folder, 'notified')).mode & 0o777).toBe(0o600);
});

test('a folder that is not there, or of somebody who makes links, does no harm', () => {
  const missing = new NotifyPace(join(testFolder(), 'none'));
  missing.note(NOON);
  expect(missing.last).toBeNull();
  const [theirs, victim] = [join(testFolder(), 'theirs'), join(testFolder(), 'victim')];
  mkdirSync(theirs);
  chownSync(theirs, 4_711, 0);
  writeFileSync(victim, '');
  const before = statSync(victim).mtimeMs;
  symlinkSync(victim, join(theirs, 'notified'));
  new NotifyPace(theirs).note(NOON);
  expect(statSync(victim).mtimeMs).toBe(before);
});
