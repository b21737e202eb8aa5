import { expect, test } from 'vitest';
import type { BlockMethod, Config } from '../../src/config/config.ts';
import { commandHealth } from '../../src/daemon/command-health.ts';
import { configWith } from '../respond/given.ts';

const MISSING = '/sbin/no-such-program $TARGET$';
const WHY = '/sbin/no-such-program cannot be run: there is no such file';

test.each<[what: string, settings: Partial<Config>, method: BlockMethod | null, results: string[]]>([
  [
    'each command that is run is looked at',
    { blockTcp: 1, killRoute: 'sh -c x', unkillRoute: MISSING, killRunCmd: 'echo $TARGET$' },
    'command',
    [
      'ok KILL_ROUTE: sh can be run',
      `fail UNKILL_ROUTE: ${WHY}`,
      'skip KILL_RUN_CMD: what it runs is known only to the shell',
    ],
  ],
  [
    'those for IPv6, too',
    { blockUdp: 1, killRoute: 'sh', killRoute6: MISSING, unkillRoute6: MISSING },
    'command',
    ['ok KILL_ROUTE: sh can be run', `fail KILL_ROUTE6: ${WHY}`, `fail UNKILL_ROUTE6: ${WHY}`],
  ],
  ['KILL_ROUTE is not run by another method', { blockTcp: 1, killRoute: MISSING }, 'nftables', []],
  [
    'KILL_ROUTE is run for BLOCK="2" without KILL_RUN_CMD',
    { blockTcp: 2, killRoute: MISSING },
    null,
    [`fail KILL_ROUTE: ${WHY}`],
  ],
  [
    'only KILL_RUN_CMD is run for BLOCK="2"',
    { blockTcp: 2, killRoute: MISSING, killRunCmd: 'sh' },
    null,
    ['ok KILL_RUN_CMD: sh can be run'],
  ],
  [
    'nothing is run for BLOCK="0"',
    { blockTcp: 0, blockUdp: 0, killRoute: MISSING, killRunCmd: MISSING },
    null,
    [],
  ],
])('%s', (_what, settings, method, results) => {
  const checks = commandHealth(configWith({ blockTcp: 0, blockUdp: 0, ...settings }), method);
  expect(checks.map(({ result, message }) => `${result} ${message}`)).toEqual(results);
});
