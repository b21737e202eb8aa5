import { expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { type Countermeasure, countermeasureFor } from '../../src/respond/countermeasure.ts';
import { plannedMethod } from '../../src/respond/plan.ts';
import { configWith } from './given.ts';

const by = (method: (Countermeasure & { does: 'blocks' })['method']): Countermeasure => ({
  does: 'blocks',
  method,
});
const COMMAND = { killRoute: 'true' };
const LINE = { killHostsDeny: 'ALL: $TARGET$' };
const RUN = { killRunCmd: 'true' };
const NONE = { blockMethod: 'none' } as const;

test.each<[Partial<Config>, Countermeasure]>([
  [{ blockTcp: 0, ...COMMAND, ...LINE, ...RUN }, { does: 'logs' }],
  [{ blockTcp: 1 }, by('best')],
  [{ blockTcp: 1, ...COMMAND }, by('command')],
  [{ blockTcp: 1, ...COMMAND, blockMethod: 'nftables' }, by('nftables')],
  [{ blockTcp: 1, ...LINE }, by('best')],
  [{ blockTcp: 1, ...LINE, ...RUN, ...NONE }, by('hosts.deny')],
  [{ blockTcp: 1, ...RUN, ...NONE }, { does: 'notifies' }],
  [{ blockTcp: 1, ...NONE }, { does: 'fails' }],
  [{ blockTcp: 2, ...COMMAND }, by('command')],
  [{ blockTcp: 2, ...COMMAND, blockMethod: 'nftables' }, by('command')],
  [{ blockTcp: 2, ...COMMAND, ...RUN }, { does: 'notifies' }],
  [{ blockTcp: 2, ...RUN }, { does: 'notifies' }],
  [{ blockTcp: 2 }, { does: 'fails' }],
])('%j: %j', (settings, measure) => {
  const config = configWith(settings);
  expect(countermeasureFor(config, plannedMethod(config), 'tcp', 4)).toEqual(measure);
});
