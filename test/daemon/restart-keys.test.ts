import { expect, test } from 'vitest';
import { keepUntilRestart } from '../../src/daemon/restart-keys.ts';
import { configWith } from '../respond/given.ts';
import { preparedWith } from './given.ts';

test('a reload leaves the locked STATE_DIR and its like as they are, names them, and takes the rest over', () => {
  const inForce = configWith({ stateDir: '/var/lib/one', controlSocket: '/run/one', sensor: 'auto' });
  const read = configWith({
    stateDir: '/var/lib/two',
    controlSocket: '/run/two',
    sensor: 'packet',
    nflogGroup: 7,
    user: 'nobody',
    scanTrigger: 5,
  });
  const { prepared, waiting } = keepUntilRestart(preparedWith(read), inForce);
  expect(waiting).toEqual(['SENSOR', 'NFLOG_GROUP', 'STATE_DIR', 'CONTROL_SOCKET', 'USER']);
  expect(prepared.config).toEqual({ ...inForce, scanTrigger: 5 });
});

test('a reload that changes none of them names none', () => {
  const inForce = configWith({ scanTrigger: 0 });
  const prepared = preparedWith(configWith({ scanTrigger: 5 }));
  expect(keepUntilRestart(prepared, inForce)).toEqual({ prepared, waiting: [] });
});
