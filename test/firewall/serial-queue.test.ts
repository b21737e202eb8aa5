import { expect, test } from 'vitest';
import { SerialQueue } from '../../src/firewall/serial-queue.ts';

test('tasks run one at a time and in order; a failure concerns only its own task', async () => {
  const queue = new SerialQueue();
  const log: string[] = [];
  const task = (name: string, failure?: Error) => async () => {
    log.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    log.push(`${name} ends`);
    if (failure !== undefined) throw failure;
    return name;
  };
  const all = [queue.run(task('one')), queue.run(task('two', new Error('no'))), queue.run(task('three'))];
  expect(await Promise.allSettled(all)).toEqual([
    { status: 'fulfilled', value: 'one' },
    { status: 'rejected', reason: new Error('no') },
    { status: 'fulfilled', value: 'three' },
  ]);
  expect(log).toEqual(['one', 'two', 'three'].flatMap((name) => [`${name} begins`, `${name} ends`]));
});
