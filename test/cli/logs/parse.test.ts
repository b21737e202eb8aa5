import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PLAIN, paintFor } from '../../../src/cli/colour.ts';
import { lineOf } from '../../../src/cli/logs/journal.ts';
import { renderLine } from '../../../src/cli/logs/line.ts';
import { parseEventLine, parseSyslogLine } from '../../../src/cli/logs/parse.ts';
import { ecsLine } from '../../../src/record/ecs.ts';
import { NOON, scanEvent } from '../../record/given.ts';

const local = (...parts: [number, number, number, number, number, number]) => new Date(...parts).getTime();
const NOW = local(2026, 10, 30, 10, 0, 0);

describe('a line of a syslog file', () => {
  test.each<[line: string, time: number | null, text: string]>([
    ['Nov 30 09:59:58 web1 portsentry[77]: attackalert: x', local(2026, 10, 30, 9, 59, 58), 'attackalert: x'],
    ['Nov  3 00:00:00 web1 portsentry[77]: a: b', local(2026, 10, 3, 0, 0, 0), 'a: b'],
    ['Dec  2 13:33:37 web1 portsentry[77]: of last year', local(2025, 11, 2, 13, 33, 37), 'of last year'],
    ['2026-11-30T09:59:58.123456+01:00 web1 portsentry[7]: x', Date.parse('2026-11-30T08:59:58.123Z'), 'x'],
    ['2026-11-30T09:59:58Z web1 portsentry: x', Date.parse('2026-11-30T09:59:58Z'), 'x'],
    ['Nov 30 09:59:58 web1 sshd[77]: portsentry[1]: x', null, ''],
    ['Nov 30 09:59:58 web1 portsentry-doctor[77]: x', null, ''],
    ['Foo 30 09:59:58 web1 portsentry[77]: x', null, ''],
    ['portsentry[77]: x', null, ''],
    ['', null, ''],
  ])('%s', (line, time, text) => {
    expect(parseSyslogLine(line, NOW)).toEqual(time === null ? null : { time, text });
  });
});

test('an event has its time and its message', () => {
  expect(parseEventLine(ecsLine(scanEvent()), NOW)).toEqual({
    time: NOON,
    text: expect.stringMatching(/^Scan by 10\.99\.0\.1 ended: /),
  });
  const eve = '{"timestamp":"2026-11-22T13:33:37.123+0000","alert":{"signature":"portsentry syn"}}';
  expect(parseEventLine(eve, NOW)).toEqual({ time: NOON, text: 'portsentry syn' });
  for (const line of ['', 'x', 'null', '[]', '{}', '{"@timestamp":"2026-11-22T13:33:37Z"}'])
    expect(parseEventLine(line, NOW)).toBeNull();
});

test('an entry of the journal has its time and its message, of octets if need be', () => {
  const time = '"__REALTIME_TIMESTAMP":"1795354417123456"';
  expect(lineOf(`{${time},"MESSAGE":"attackalert: x"}`)).toEqual({
    time: NOON + 0.456,
    text: 'attackalert: x',
  });
  expect(lineOf(`{${time},"MESSAGE":[97,27,255]}`)).toEqual({ time: NOON + 0.456, text: 'a\u001b\ufffd' });
  for (const line of ['', 'x', `{${time}}`, `{${time},"MESSAGE":null}`, '{"MESSAGE":"x"}'])
    expect(lineOf(line)).toBeNull();
});

test('whatever stands in a line, one line of printable text of bounded length comes out', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 4_000 }), (text) => {
      const line = renderLine({ time: NOON, text }, PLAIN);
      expect(line).toMatch(/^2026-11-22 \d\d:\d\d:\d\d [^\p{C}\u2028\u2029]{0,2000}\n$/u);
    }),
  );
  expect(
    renderLine({ time: NOON, text: '\u001b[2J\u202eevil\u2066\u0007\r\nadminalert: forged' }, PLAIN),
  ).toMatch(/37 \?\[2J\?evil\?\?\?\?adminalert: forged\n$/);
});

test.each([
  ['attackalert: TCP SYN/Normal scan from host: 10.99.0.1/10.99.0.1 to TCP port: 1', 33],
  ['attackalert: ERROR: Could not block host 10.99.0.1/10.99.0.1 !!', 31],
  ['adminalert: PortSentry is now active and listening.', null],
])('%s has its colour', (text, code) => {
  const line = renderLine({ time: NOON, text }, paintFor({ isTTY: true }, { TERM: 'xterm' }));
  expect(line.slice(line.indexOf('\u001b[22m'))).toBe(
    code === null ? `\u001b[22m ${text}\n` : `\u001b[22m \u001b[${code}m${text}\u001b[39m\n`,
  );
});
