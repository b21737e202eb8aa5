import { expect, test } from 'vitest';
import { renderLines } from '../../src/cli/check-lines.ts';
import { startOf } from '../../src/cli/check-start.ts';
import { DIRECTIVES, FIELDS } from '../../src/config/directives.ts';
import { loadConfig, parseConfig } from '../../src/config/load.ts';

function lineTexts(...lines: string[]): string[] {
  const { config, settings } = parseConfig(lines.join('\n'), 'f');
  if (config === null) throw new Error('expected a configuration');
  return renderLines(config, settings, startOf(config, null, null))
    .split('\n')
    .slice(1, -1);
}

test.each([
  [['SCAN_TRIGGER="2"'], 'connect number 3 of a source within 24h triggers'],
  [['RESOLVE_HOST="1"'], 'log lines show host names; a lookup never delays an action'],
  [['KILL_RUN_CMD_FIRST="1"'], 'no effect: KILL_RUN_CMD is not set'],
  [['KILL_RUN_CMD_FIRST="1"', 'KILL_RUN_CMD="x"'], 'KILL_RUN_CMD runs before the block'],
  [
    ['KILL_ROUTE="x $TARGET$"', 'BLOCK_UDP="1"'],
    'run by /bin/sh for a UDP scanner; it counts as a block only with exit status 0',
  ],
  [['KILL_ROUTE="x $TARGET$"', 'BLOCK_TCP="2"', 'KILL_RUN_CMD="y"'], 'not used by the settings above'],
  [
    ['KILL_HOSTS_DENY="ALL: $TARGET$"', 'BLOCK_TCP="1"', 'BLOCK_UDP="1"'],
    'the line is added to /etc/hosts.deny for a TCP or UDP scanner, once per host',
  ],
  [['BLOCK_TCP="1"'], 'a TCP scanner is blocked'],
  [['BLOCK_UDP="2"', 'KILL_RUN_CMD="y"'], 'only KILL_RUN_CMD is run for a UDP scanner'],
  [['TCP_PORTS="1-3"', 'MODES="stcp"'], '3 ports that -tcp and -stcp watch'],
  [
    ['UDP_PORTS="1-3"', 'MODES="stcp"'],
    '3 ports that -udp and -sudp watch; not used: MODES starts no such mode',
  ],
  [['PORT_BANNER="go"', 'MODES="tcp,udp"'], '-tcp and -udp answer a client with it'],
  [['ADVANCED_PORTS_TCP="65536"'], '-atcp watches every port'],
  [
    ['KILL_RUN_CMD="y"', 'BLOCK_TCP="2"'],
    'run by /bin/sh for a TCP scanner; an exit status other than 0 is logged as a failure',
  ],
  [['HISTORY_FILE=""'], 'no history is written'],
  [['IGNORE_FILE=""'], 'no file spares anybody'],
  [['BLOCK_METHOD="auto"', 'BLOCK_TCP="1"', 'KILL_ROUTE="x $TARGET$"'], 'a source is blocked by KILL_ROUTE'],
  [
    ['BLOCK_METHOD="auto"', 'BLOCK_TCP="1"'],
    'a source is blocked by the best of nftables, ipset, iptables and route that this host has (logged at startup)',
  ],
  [['BLOCK_METHOD="none"', 'BLOCK_TCP="1"', 'KILL_RUN_CMD="y"'], 'no source is blocked in the firewall'],
  [['BLOCK_METHOD="nftables"'], 'not used: BLOCK_TCP and BLOCK_UDP only log'],
  [['BLOCK_METHOD="nftables"', 'BLOCK_TCP="2"', 'KILL_RUN_CMD="y"'], 'not used by the settings above'],
  [['BLOCKED_FILE=""'], 'no list of blocked hosts is written'],
  [['BLOCK_TIME="1h"'], DIRECTIVES.blockTime.meaning],
])('%s: %s', (lines, effect) => {
  const key = lines[0]?.split('=')[0];
  expect(lineTexts(...lines)[0]).toBe(`  line 1  ${key}: ${effect}`);
});

test('every key has a line, in the order of the file', () => {
  const loaded = loadConfig('fixtures/conf/everything.conf');
  if (loaded.status !== 'read' || loaded.config === null) throw new Error('expected a configuration');
  const start = startOf(loaded.config, null, null);
  const rows = renderLines(loaded.config, loaded.settings, start).split('\n').slice(1, -1);
  expect(rows).toHaveLength(FIELDS.length);
  const numbers = rows.map((row) => Number(/^ {2}line (\d+) /.exec(row)?.[1]));
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
});

test('a file that sets nothing has no lines', () => {
  const { config, settings } = parseConfig('# nothing\n', 'f');
  expect(config === null ? null : renderLines(config, settings, startOf(config, null, null))).toBe('');
});
