import { describe, expect, test } from 'vitest';
import { formerFaults } from '../../src/cli/check-before.ts';
import { formatFinding } from '../../src/config/finding.ts';
import { parseConfig } from '../../src/config/load.ts';

const told = (...lines: string[]) => formerFaults(parseConfig(lines.join('\n'), 'f')).map(formatFinding);
const OF_1 = ['ADVANCED_PORTS_TCP="1024"', 'TCP_PORTS="1"'];

describe('what the old program did wrong without a word, and the lines that show it', () => {
  test.each([
    [
      'a value with quotes inside',
      ['KILL_RUN_CMD="a "$TARGET$" b"'],
      'f:1:17: note: KILL_RUN_CMD: PortSentry 1.x ended the value at this quote, and so read "a "; here it goes on to the last one',
    ],
    [
      'a program that is not there',
      ['BLOCK_TCP="1"', 'KILL_ROUTE="/nowhere/drop $TARGET$"'],
      'f:2:1: warning: KILL_ROUTE: there is no /nowhere/drop on this host, so it will fail each time (PortSentry took that for a block)',
    ],
    [
      'BLOCK=1 and nothing to run',
      ['BLOCK_UDP="1"'],
      'f:1:1: note: BLOCK_UDP="1" without a KILL_ command: PortSentry 1.x did nothing and still wrote "Blocked"; here BLOCK_METHOD shuts the source out',
    ],
    [
      'a trigger',
      ['SCAN_TRIGGER="2"'],
      'f:1:1: note: SCAN_TRIGGER="2": number 3 triggers, as the manual says; PortSentry triggered one earlier, so "1" was as "0"',
    ],
    [
      'the gateway',
      ['BLOCK_TCP="1"', 'KILL_ROUTE="true $TARGET$"', 'IGNORE_FILE="/f"'],
      'f:3:1: note: unless it stood in IGNORE_FILE, one forged packet with the address of the gateway made PortSentry block the gateway; here AUTO_IGNORE="1" spares it',
    ],
    [
      'the gateway, not spared',
      ['BLOCK_TCP="1"', 'KILL_ROUTE="true $TARGET$"', 'AUTO_IGNORE="0"'],
      'f:3:1: warning: AUTO_IGNORE="0": one forged packet with the address of the gateway made PortSentry block the gateway, and so it will be here, unless IGNORE_FILE spares it',
    ],
    [
      'late answers',
      ['ADVANCED_PORTS_UDP="65535"'],
      'f:1:1: note: ADVANCED_PORTS_UDP="65535" holds the ports that this host asks from: PortSentry 1.x blocked a resolver whose answer was late; here a port is let alone for 60 s after its use',
    ],
    [
      'ident',
      ['ADVANCED_PORTS_TCP="1024"', 'TCP_PORTS="100-120"'],
      'f:2:1: note: TCP_PORTS holds 113 (ident): a mail server that asks there about a call of this host was blocked by PortSentry 2.x, and is accused by -stcp here, too; leave it out (-atcp does by itself)',
    ],
    [
      'two processes and one hosts.deny',
      ['BLOCK_TCP="1"', 'BLOCK_UDP="1"', 'KILL_HOSTS_DENY="ALL: $TARGET$"'],
      'f:3:1: note: KILL_HOSTS_DENY: the TCP and the UDP process of PortSentry 1.x did not know of each other, so a host could stand in hosts.deny twice; here it stands there once',
    ],
    [
      'a file of 2.x',
      ['TCP_PORTS="1"'],
      'f:1:1: note: TCP_PORTS without ADVANCED_PORTS_TCP, as in a file of PortSentry 2.x, which watched these ports and no others; here -stcp -sudp do, or MODES="stcp,sudp"',
    ],
  ])('%s', (_name, lines, finding) => {
    expect(told(...lines)).toEqual([finding]);
  });

  test.each([
    ['nothing set', []],
    ['only logging', ['BLOCK_TCP="0"', 'IGNORE_FILE="/f"', 'KILL_HOSTS_DENY="ALL: $TARGET$"']],
    ['one transport', ['BLOCK_TCP="1"', 'BLOCK_UDP="0"', 'KILL_HOSTS_DENY="ALL: $TARGET$"']],
    ['a program that is there', ['KILL_ROUTE="/bin/sh -c $TARGET$"']],
    ['a program that the shell looks for', ['KILL_ROUTE="nowhere $TARGET$"']],
    ['low ports', ['ADVANCED_PORTS_UDP="1024"', ...OF_1]],
    ['a file of 2.x with its modes', ['TCP_PORTS="1"', 'MODES="stcp,sudp"']],
    ['a broken file, of which its errors are told', ['SCAN_TRIGGER="2"', 'rubbish']],
  ])('%s: nothing is said', (_name, lines) => {
    expect(told(...lines)).toEqual([]);
  });
});
