import { expect, test } from 'vitest';
import { makeBackend } from '../../src/firewall/choose.ts';
import { blockOf, configWith } from '../respond/given.ts';

const OPTIONS = { config: configWith({}), now: Date.now, onLost: () => {} };

test.each(['nftables', 'ipset', 'iptables', 'route', 'command', 'none', 'null'] as const)(
  '%s',
  async (method) => {
    const backend = makeBackend(method, OPTIONS);
    expect(backend.method).toBe(method);
    await backend.close('keep');
  },
);

test('none blocks nobody, and reports that as a failure', async () => {
  const backend = makeBackend('none', OPTIONS);
  expect(await backend.open()).toBe('found');
  expect(await backend.block(blockOf('10.99.0.1'))).toBe('BLOCK_METHOD is "none"');
  expect(await backend.release(blockOf('10.99.0.1'))).toBeNull();
  expect(await backend.list()).toBeNull();
});
