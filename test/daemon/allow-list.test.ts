import { writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { AllowList } from '../../src/daemon/allow-list.ts';
import { HostLookup } from '../../src/respond/host-lookup.ts';
import { NeverBlock } from '../../src/respond/never-block.ts';
import { configWith, testFolder } from '../respond/given.ts';
import { address, START } from '../track/given.ts';

const TRIAL = address('192.0.2.1');

test('spares what the ignore file names, and reads it again with each configuration', async () => {
  const ignoreFile = `${testFolder()}/ignore`;
  const config = configWith({ ignoreFile, autoIgnore: false });
  const list = new AllowList();
  for (const text of ['192.0.2.0/24', '198.51.100.7']) {
    writeFileSync(ignoreFile, `${text}\n`);
    await list.configure(config);
    expect(list.never.prefixes()).toEqual([text]);
  }
  await list.configure(configWith({ ignoreFile: null, autoIgnore: false }));
  expect(list.never.prefixes()).toEqual([]);
});

test('spares the lifelines of this host where AUTO_IGNORE says so, and no longer when it does not', async () => {
  const lookup = new HostLookup({ now: () => performance.now() });
  onTestFinished(() => lookup.close());
  const expected = new NeverBlock();
  expected.setLifelines(await lookup.look({ about: null, asksTimeDaemons: true }));
  const list = new AllowList();
  onTestFinished(() => list.close());
  await list.configure(configWith({ autoIgnore: true }));
  expect(list.never.prefixes()).toEqual(expected.prefixes());
  expect(list.routeTrouble).toBeNull();
  await list.configure(configWith({ autoIgnore: false }));
  expect(list.never.prefixes()).toEqual([]);
  expect(list.isLooking).toBe(false);
});

test('spares the address of a trial until its time is over', () => {
  const list = new AllowList();
  list.spareForTrial(TRIAL, START + 1_000);
  for (const [now, rule] of [
    [START, 'trial probe of doctor from 192.0.2.1'],
    [START + 999, 'trial probe of doctor from 192.0.2.1'],
    [START + 1_000, null],
  ] as const) {
    list.tick(now);
    expect(list.never.ruleFor(TRIAL)).toBe(rule);
  }
});

test('reports each change once', () => {
  const list = new AllowList();
  expect(list.takeChange()).toBe(false);
  list.spareForTrial(TRIAL, START);
  expect([list.takeChange(), list.takeChange()]).toEqual([true, false]);
  list.tick(START);
  expect([list.takeChange(), list.takeChange()]).toEqual([true, false]);
});
