import { expect, test } from 'vitest';
import { nothingFound } from '../../../src/cli/logs/nothing-found.ts';

const SYSLOG = [{ name: '/var/log/syslog' }, { name: '/var/log/messages' }];

test.each([
  [undefined, [], 'there is no journal, no file of syslog and no EVENT_FILE'],
  ['journal', [], 'there is no journal'],
  ['syslog', [], 'there is no file of syslog'],
  ['events', [], 'EVENT_FILE is not set'],
  ['syslog', SYSLOG, 'looked in /var/log/syslog, /var/log/messages'],
] as const)('from %s, in %j: %s', (from, places, searched) => {
  expect(nothingFound(from, places, [])).toMatchObject({
    exit: 66,
    message: `no line of portsentry was found: ${searched}; with --logoutput stdout they go to whoever started it`,
  });
});

test('a place that may not be read is told before others', () => {
  const forbidden = Object.assign(new Error('/x: permission denied'), { code: 'EACCES' });
  expect(nothingFound(undefined, SYSLOG, [new Error('other'), forbidden])).toMatchObject({ exit: 77 });
  expect(nothingFound(undefined, SYSLOG, [new Error('other')])).toMatchObject({ exit: 66, message: 'other' });
});
