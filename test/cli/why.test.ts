import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { jsonLine } from '../../src/cli/json.ts';
import { renderWhy, runWhy } from '../../src/cli/why.ts';
import type { KnownSource } from '../../src/control/status.ts';
import { BLOCK, NOW, WHY } from '../control/given.ts';
import { runWith } from './given.ts';

beforeEach(() => {
  vi.stubEnv('TZ', 'UTC');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test('a blocked address', () => {
  expect(renderWhy(WHY, NOW)).toBe(`\
10.99.0.1

  never block  no rule spares it
  seen         12 probes since 2026-11-22 13:22, the last one 10 min 1 s ago
               3 connects to 10 ports of 1 address (syn, fin)
               it made several different attempts; a forger can send them as well as one; it looks like nmap
  blocked      since 2026-11-22 13:23, ends in 3 h 12 min; by nftables, in force
               TCP SYN/Normal scan, port 111, after 3 connects
  next         It is blocked until the time is over or somebody unblocks it.
`);
});

test('an address whose network is blocked, and which was blocked before', () => {
  const block = { ...BLOCK, target: 'fd00::/64', until: null, times: 3, inForce: false, connects: 1 };
  const earlier = { times: 2, endedAt: NOW - 86_400_000, how: 'it was unblocked by hand' };
  expect(
    renderWhy({ ...WHY, address: 'fd00::1', source: null, block, earlier, next: ['One.', 'Two.'] }, NOW),
  ).toBe(`\
fd00::1

  never block  no rule spares it
  seen         not tracked
  blocked      as part of fd00::/64
               since 2026-11-22 13:23, never ends; by nftables, not in force
               TCP SYN/Normal scan, port 111, after 1 connect; block number 3
  before       2 blocks; the last one ended 2026-11-21 13:33: it was unblocked by hand
  next         One.
               Two.
`);
});

test('a block of which nothing can say whether it is in force, and which nothing here can take back (A7)', () => {
  const block = { ...BLOCK, until: null, method: 'command', inForce: null, undo: null } as const;
  const earlier = { times: 0, endedAt: NOW - 86_400_000, how: 'it was unblocked by hand' };
  const text = renderWhy({ ...WHY, block, earlier }, NOW);
  expect(text).toContain(
    'stays until you take it back; by command, nothing can say whether it is in force\n',
  );
  expect(text).toContain(
    'before       a block by hand, which ended 2026-11-21 13:33: it was unblocked by hand\n',
  );
});

test('a decoy', () => {
  const source = { ...(WHY.source as KnownSource), evidence: 'spoofable', tool: null, decoy: true } as const;
  expect(renderWhy({ ...WHY, source, block: null }, NOW)).toContain(
    `(syn, fin)
               everything known about it may be forged
               others sent the same at the same time; most of them are forged
  blocked      no
`,
  );
});

test('a source that is tested', () => {
  const challenge = { bets: 7, log2: 5.936 };
  const source = { ...(WHY.source as KnownSource), evidence: 'reacts', tool: null, challenge } as const;
  expect(renderWhy({ ...WHY, source, block: null }, NOW)).toContain(
    `(syn, fin)
               it sent again what got no answer and not what did, so it reads what is sent to its address
               coin test: it sent again to 7 ports; log2 M is 5.9, and 20 proves it
  blocked      no
`,
  );
});

test('a spared address', () => {
  const why = { ...WHY, rule: 'gateway', source: null, block: null, next: ['Nothing is done to it.'] };
  expect(renderWhy(why, NOW)).toBe(`\
10.99.0.1

  never block  spared by a rule: gateway
  seen         not tracked
  blocked      no
  next         Nothing is done to it.
`);
});

test('the daemon is asked for the canonical address', async () => {
  const ask = (address: string, json: boolean) =>
    runWith({}, (options, output) => runWhy({ ...options, address, json }, output));
  expect((await ask('2001:DB8:0:0::1', false)).stdout).toMatch(/^2001:db8::1\n\n {2}never block/);
  expect((await ask('::ffff:10.0.0.1', true)).stdout).toBe(jsonLine({ ...WHY, address: '10.0.0.1' }));
  expect(await ask('10.0.0.0/8', false)).toMatchObject({
    exit: 64,
    error: 'expected an IPv4 or IPv6 address, found "10.0.0.0/8"',
  });
});
