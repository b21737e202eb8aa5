import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { unkillRouteFor } from '../../src/config/kill-route.ts';
import type { Transport } from '../../src/net/protocol.ts';
import { planActions, plannedMethod } from '../../src/respond/plan.ts';
import { configWith } from './given.ts';

const ROUTE = { step: 'route', template: 'route $TARGET$' };
const ROUTE6 = { step: 'route', template: 'route6 $TARGET$' };
const WRAPPERS = { step: 'wrappers', template: 'ALL: $TARGET$' };
const EXTERNAL = { step: 'external', template: 'mail $TARGET$' };
const ALL_SET = {
  killRoute: ROUTE.template,
  killHostsDeny: WRAPPERS.template,
  killRunCmd: EXTERNAL.template,
};

const PLANS: [
  what: string,
  settings: Partial<Config>,
  transport: Transport,
  family: 4 | 6,
  plan: unknown[],
][] = [
  ['nothing when the transport is only logged', { ...ALL_SET, blockTcp: 0, blockUdp: 1 }, 'tcp', 4, []],
  ['each transport its own policy', { ...ALL_SET, blockTcp: 0, blockUdp: 2 }, 'udp', 4, [EXTERNAL]],
  ['route, wrappers, external', { ...ALL_SET, blockTcp: 1 }, 'tcp', 4, [ROUTE, WRAPPERS, EXTERNAL]],
  [
    'the external command first with KILL_RUN_CMD_FIRST',
    { ...ALL_SET, blockTcp: 1, killRunCmdFirst: true },
    'tcp',
    4,
    [EXTERNAL, ROUTE, WRAPPERS],
  ],
  ['the external command alone under policy 2', { ...ALL_SET, blockTcp: 2 }, 'tcp', 4, [EXTERNAL]],
  [
    'KILL_ROUTE as the external command when policy 2 has no other',
    { killRoute: ROUTE.template, killHostsDeny: WRAPPERS.template, blockTcp: 2 },
    'tcp',
    4,
    [{ step: 'external', template: ROUTE.template }],
  ],
  [
    'KILL_ROUTE6 as the external command for IPv6',
    { killRoute: ROUTE.template, killRoute6: ROUTE6.template, blockTcp: 2 },
    'tcp',
    6,
    [{ step: 'external', template: ROUTE6.template }],
  ],
  [
    'KILL_ROUTE6 for IPv6',
    { killRoute: ROUTE.template, killRoute6: ROUTE6.template, blockTcp: 1 },
    'tcp',
    6,
    [ROUTE6],
  ],
  [
    'KILL_ROUTE for IPv6 when there is no KILL_ROUTE6',
    { killRoute: ROUTE.template, blockTcp: 1 },
    'tcp',
    6,
    [ROUTE],
  ],
  [
    'nothing for IPv4 with KILL_ROUTE6 alone',
    { killRoute6: ROUTE6.template, blockTcp: 1, blockMethod: 'command' },
    'tcp',
    4,
    [],
  ],
  [
    'no route with BLOCK_METHOD none',
    { ...ALL_SET, blockTcp: 1, blockMethod: 'none' },
    'tcp',
    4,
    [WRAPPERS, EXTERNAL],
  ],
  [
    'the method null by its name',
    { blockTcp: 1, blockMethod: 'null' },
    'tcp',
    4,
    [{ step: 'route', template: 'null' }],
  ],
  [
    'the best method of the host when nothing else is configured',
    { blockTcp: 1 },
    'tcp',
    4,
    [{ step: 'route', template: 'best' }],
  ],
  ['nothing with the method none', { blockTcp: 1, blockMethod: 'none' }, 'tcp', 4, []],
];

describe('planActions gives', () => {
  test.each(PLANS)('%s', (_what, settings, transport, family, plan) => {
    const config = configWith(settings);
    expect(planActions(config, plannedMethod(config), transport, family)).toEqual(plan);
  });
});

const UNDOS: [settings: Partial<Config>, family: 4 | 6, undo: string | null][] = [
  [{}, 4, null],
  [{ unkillRoute: 'undo' }, 4, 'undo'],
  [{ unkillRoute: 'undo' }, 6, 'undo'],
  [{ unkillRoute: 'undo', killRoute6: 'route6' }, 6, null],
  [{ unkillRoute: 'undo', killRoute6: 'route6', unkillRoute6: 'undo6' }, 6, 'undo6'],
  [{ unkillRoute: 'undo', unkillRoute6: 'undo6' }, 4, 'undo'],
];

test.each(UNDOS)('with %j a source of IPv%i is released by %j', (settings, family, undo) => {
  expect(unkillRouteFor(configWith(settings), family)).toBe(undo);
});
