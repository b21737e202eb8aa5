import { expect, test } from 'vitest';
import { jsonLine } from '../../src/cli/json.ts';
import { BLOCK, STATUS, WHY } from '../control/given.ts';

test('each time is ISO 8601 with its zone, and no other number is changed', () => {
  expect(JSON.parse(jsonLine({ since: 1_795_354_417_513, until: null, uptime: 7, times: 2 }))).toEqual({
    since: '2026-11-22T13:33:37.513Z',
    until: null,
    uptime: 7,
    times: 2,
  });
});

// A field that is added to an answer and is forgotten here would be the only time in ms.
test.each([
  ['status', STATUS],
  ['list', BLOCK],
  ['why', { ...WHY, earlier: { times: 1, endedAt: STATUS.startedAt, how: 'its time was over' } }],
])('no time of %s is left in ms', (_command, answer) => {
  expect(jsonLine(answer)).not.toMatch(/:\d{13}\b/);
});
