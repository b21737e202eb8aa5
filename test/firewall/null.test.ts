import { expect, test } from 'vitest';
import { NullBackend } from '../../src/firewall/null.ts';
import { blockOf } from '../respond/given.ts';

test('it reports success and lists the blocks', async () => {
  const backend = new NullBackend();
  await backend.open();
  expect(await backend.block(blockOf('10.99.0.1'))).toBeNull();
  expect(await backend.block(blockOf('2001:db8::1'))).toBeNull();
  expect(await backend.block(blockOf('10.99.0.1'))).toBeNull();
  expect(await targets(backend)).toEqual(['10.99.0.1', '2001:db8::1']);
  expect(await backend.release(blockOf('10.99.0.1'))).toBeNull();
  expect(await targets(backend)).toEqual(['2001:db8::1']);
  await backend.close();
  expect(await backend.list()).toEqual([]);
});

test('it forgets the oldest of more than 65,536', async () => {
  const backend = new NullBackend();
  for (let index = 0; index <= 65_536; index++) {
    await backend.block(blockOf(`10.${index >>> 16}.${(index >>> 8) & 255}.${index & 255}`));
  }
  const listed = await targets(backend);
  expect(listed).toHaveLength(65_536);
  expect(listed[0]).toBe('10.0.0.1');
  expect(listed.at(-1)).toBe('10.1.0.0');
});

async function targets(backend: NullBackend): Promise<string[]> {
  return (await backend.list()).map(({ target }) => target);
}
