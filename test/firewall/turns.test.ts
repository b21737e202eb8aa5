import { expect, test } from 'vitest';
import { Turns } from '../../src/firewall/turns.ts';

test('one at a time, in their order; a fault is the own one only', async () => {
  const turns = new Turns();
  const log: string[] = [];
  const task = (name: string, failure?: Error) => async () => {
    log.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    log.push(`${name} ends`);
    if (failure !== undefined) throw failure;
    return name;
  };
  const all = [turns.take(task('one')), turns.take(task('two', new Error('no'))), turns.take(task('three'))];
  expect(await Promise.allSettled(all)).toEqual([
    { status: 'fulfilled', value: 'one' },
    { status: 'rejected', reason: new Error('no') },
    { status: 'fulfilled', value: 'three' },
  ]);
  expect(log).toEqual(['one', 'two', 'three'].flatMap((name) => [`${name} begins`, `${name} ends`]));
});
