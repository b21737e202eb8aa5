import { describe, expect, test } from 'vitest';
import { formatFinding } from '../../src/config/finding.ts';
import { parseConfig } from '../../src/config/load.ts';

/** The findings about these lines that contain the words. */
function findingsOf(lines: readonly string[], words: string): string[] {
  return parseConfig(lines.join('\n'), 'f')
    .findings.map(formatFinding)
    .filter((text) => text.includes(words));
}

describe('a KILL_ROUTE without an undo', () => {
  const advice = (undo: string) =>
    `warning: KILL_ROUTE without UNKILL_ROUTE: nothing here can take a block back, so it stays until you do or until the next boot; ${undo}, or leave KILL_ROUTE out and let BLOCK_METHOD do it`;

  test.each([
    ['/sbin/route add -host $TARGET$ reject', 'set UNKILL_ROUTE="/sbin/route del -host $TARGET$ reject"'],
    [
      '/sbin/iptables -A INPUT -s $TARGET$ -j DROP',
      'set UNKILL_ROUTE="/sbin/iptables -D INPUT -s $TARGET$ -j DROP"',
    ],
    [
      '/usr/local/bin/drop $TARGET$',
      'no undo is known, because it calls /usr/local/bin/drop $TARGET$: set UNKILL_ROUTE to a command that takes it back',
    ],
  ])('%s: %s', (command, undo) => {
    const route = `KILL_ROUTE="${command}"`;
    const words = 'without UNKILL_ROUTE';
    expect(findingsOf(['BLOCK_TCP="1"', route], words)).toEqual([`f:2:1: ${advice(undo)}`]);
    expect(findingsOf(['BLOCK_UDP="2"', route], words), 'as the external command').toEqual([
      `f:2:1: ${advice(undo)}`,
    ]);
    expect(findingsOf(['BLOCK_TCP="0"', route], words), 'not run').toEqual([]);
    expect(findingsOf(['BLOCK_TCP="1"', 'BLOCK_METHOD="nftables"', route], words), 'not run').toEqual([]);
    expect(findingsOf(['BLOCK_TCP="1"', route, 'UNKILL_ROUTE="x $TARGET$"'], words)).toEqual([]);
  });

  test('nor KILL_ROUTE6 without its own', () => {
    const lines = [
      'BLOCK_TCP="1"',
      'KILL_ROUTE="iptables -I INPUT -s $TARGET$ -j DROP"',
      'UNKILL_ROUTE="iptables -D INPUT -s $TARGET$ -j DROP"',
      'KILL_ROUTE6="ip6tables -I INPUT -s $TARGET$ -j DROP"',
    ];
    expect(findingsOf(lines, 'without UNKILL_ROUTE6').join()).toContain(
      'set UNKILL_ROUTE6="ip6tables -D INPUT -s $TARGET$ -j DROP"',
    );
    expect(findingsOf([...lines, 'UNKILL_ROUTE6="x $TARGET$"'], 'without')).toEqual([]);
  });
});

describe('the placeholder of the shipped files', () => {
  const GW = 'KILL_ROUTE="/sbin/route add -host $TARGET$ gw 333.444.555.666"';
  test('is pointed out, with what to write instead', () => {
    const message =
      'KILL_ROUTE: 333.444.555.666 is a placeholder and no address, so the command always fails; write "/sbin/route add -host $TARGET$ reject", or leave KILL_ROUTE out and let BLOCK_METHOD do it';
    expect(findingsOf([GW, 'BLOCK_TCP="1"'], '333')).toEqual([`f:1:1: warning: ${message}`]);
    expect(findingsOf([GW], '333'), 'it is not run').toEqual([`f:1:1: note: ${message}`]);
  });

  test('needs no undo', () => {
    expect(findingsOf([GW, 'BLOCK_TCP="1"'], 'UNKILL')).toEqual([]);
  });

  test.each([
    'KILL_RUN_CMD="/bin/x 10.0.0.256"',
    'UNKILL_ROUTE="/sbin/route del $TARGET$ 333.444.555.666"',
    'KILL_ROUTE6="route add $TARGET$ 999.1.1.1"',
  ])('is found in %s', (line) => {
    expect(findingsOf([line], 'is a placeholder')).toHaveLength(1);
  });

  test.each(['10.0.0.255', '1.2.3', '1.2.3.4.555', 'v3.10.999.1000.2'])('is not %s', (word) => {
    expect(findingsOf([`KILL_RUN_CMD="/bin/x ${word}"`], 'placeholder')).toEqual([]);
  });
});

describe('a KILL_RUN_CMD that blocks', () => {
  const COMMAND = 'KILL_RUN_CMD="/sbin/iptables -I INPUT -s $TARGET$ -j DROP"';
  test('is nothing that anybody takes back', () => {
    expect(findingsOf([COMMAND, 'BLOCK_TCP="2"'], 'KILL_RUN_CMD')).toEqual([
      'f:1:1: warning: KILL_RUN_CMD blocks the source itself, and nothing here knows of that block or takes it back; make it KILL_ROUTE, with UNKILL_ROUTE="/sbin/iptables -D INPUT -s $TARGET$ -j DROP"',
    ]);
    expect(findingsOf([COMMAND], 'KILL_RUN_CMD'), 'it is not run').toEqual([]);
    expect(findingsOf(['KILL_RUN_CMD="/bin/page $TARGET$"', 'BLOCK_TCP="2"'], 'KILL_RUN_CMD')).toEqual([]);
  });
});
