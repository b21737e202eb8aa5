import { describe, expect, test } from 'vitest';
import { legacyFindings } from '../../src/cli/check-legacy.ts';
import { formatFinding } from '../../src/config/finding.ts';
import { parseConfig } from '../../src/config/load.ts';
import { startedModes } from '../../src/config/modes.ts';

const messages = (...lines: string[]) => {
  const parsed = parseConfig(lines.join('\n'), 'f');
  const modes = parsed.config === null ? [] : startedModes(parsed.config);
  return legacyFindings(parsed, { modes, by: 'a test' }).map(formatFinding);
};
const VERSION_1 = ['ADVANCED_PORTS_TCP="1024"', 'TCP_PORTS="1"'];

describe('silent faults of the old program are reported at their lines', () => {
  test.each([
    [
      'a value with quotes inside',
      ['KILL_RUN_CMD="a "$TARGET$" b"'],
      'f:1:17: note: KILL_RUN_CMD: PortSentry 1.x ended the value at this quote and read "a "; here the value ends at the last quote',
    ],
    [
      'a missing program',
      ['BLOCK_TCP="1"', 'KILL_ROUTE="/nowhere/drop $TARGET$"'],
      'f:2:1: warning: KILL_ROUTE: /nowhere/drop does not exist on this host, so the command fails (the old PortSentry counted that as a block)',
    ],
    [
      "a program that is not found, such as the one of 2.0.7's example",
      ['BLOCK_UDP="2"', 'KILL_ROUTE="nftables add rule ip filter input ip saddr $TARGET$ drop"'],
      expect.stringMatching(
        /^f:2:1: warning: KILL_ROUTE: nftables is in no folder of \/\S+, so the command fails/,
      ) as unknown as string,
    ],
    [
      'BLOCK_UDP=1 without a command',
      ['BLOCK_UDP="1"'],
      'f:1:1: note: BLOCK_UDP="1" without a KILL_ command: PortSentry 1.x did nothing and still wrote "Blocked"; here BLOCK_METHOD blocks the source',
    ],
    [
      'a trigger',
      ['SCAN_TRIGGER="2"'],
      'f:1:1: note: SCAN_TRIGGER="2": connect number 3 triggers, as the manual says; the old PortSentry triggered one connect earlier, so "1" meant the same as "0"',
    ],
    [
      'the gateway',
      ['BLOCK_TCP="1"', 'KILL_ROUTE="true $TARGET$"', 'IGNORE_FILE="/f"'],
      'f:3:1: note: one forged packet with the gateway\'s address made the old PortSentry block the gateway, unless IGNORE_FILE had it; here AUTO_IGNORE="1" spares it',
    ],
    [
      'the gateway, not spared',
      ['BLOCK_TCP="1"', 'KILL_ROUTE="true $TARGET$"', 'AUTO_IGNORE="0"'],
      'f:3:1: warning: AUTO_IGNORE="0": one forged packet with the gateway\'s address gets the gateway blocked, as in the old PortSentry, unless IGNORE_FILE has it',
    ],
    [
      'late answers',
      ['ADVANCED_PORTS_UDP="65535"'],
      'f:1:1: note: ADVANCED_PORTS_UDP="65535" includes the ports that this host sends queries from: PortSentry 1.x blocked a resolver whose answer was late; here a port is not watched for 60 s after its use',
    ],
    [
      'ident',
      ['MODES="stcp"', 'TCP_PORTS="100-120"'],
      'f:2:1: warning: TCP_PORTS includes 113 (ident): PortSentry 2.x blocked a mail server that answered a connection with an ident query, and -stcp reports it as a scanner here, too; remove 113 (-atcp excludes it by default)',
    ],
    [
      'two processes and one hosts.deny',
      ['BLOCK_TCP="1"', 'BLOCK_UDP="1"', 'KILL_HOSTS_DENY="ALL: $TARGET$"'],
      'f:3:1: note: KILL_HOSTS_DENY: the TCP and the UDP process of PortSentry 1.x did not know of each other, so hosts.deny could list a host twice; here it lists it once',
    ],
    [
      'a file of 2.x for UDP alone',
      ['UDP_PORTS="1"'],
      'f:1:1: warning: UDP_PORTS without ADVANCED_PORTS_UDP, as in a file of PortSentry 2.x, which watched only these ports; here --stealth (-stcp -sudp) or MODES="stcp,sudp" does',
    ],
    [
      'a file of 2.x',
      ['TCP_PORTS="1"'],
      'f:1:1: warning: TCP_PORTS without ADVANCED_PORTS_TCP, as in a file of PortSentry 2.x, which watched only these ports; here --stealth (-stcp -sudp) or MODES="stcp,sudp" does',
    ],
  ])('%s', (_name, lines, finding) => {
    expect(messages(...lines)).toEqual([finding]);
  });

  test.each([
    ['nothing set', []],
    ['only logging', ['BLOCK_TCP="0"', 'IGNORE_FILE="/f"', 'KILL_HOSTS_DENY="ALL: $TARGET$"']],
    ['one transport', ['BLOCK_TCP="1"', 'BLOCK_UDP="0"', 'KILL_HOSTS_DENY="ALL: $TARGET$"']],
    ['an existing program', ['BLOCK_TCP="2"', 'KILL_ROUTE="/bin/sh -c $TARGET$"']],
    ['a missing program that is not run', ['KILL_ROUTE="/nowhere/drop $TARGET$"']],
    ['late answers where no mode watches', ['MODES="sudp"', 'ADVANCED_PORTS_UDP="65535"']],
    ['ident where no mode watches it', ['ADVANCED_PORTS_TCP="1024"', 'TCP_PORTS="100-120"']],
    ['low ports', ['ADVANCED_PORTS_UDP="1024"', ...VERSION_1]],
    ['a file of 2.x with its modes', ['TCP_PORTS="1"', 'MODES="stcp,sudp"']],
    ['a broken file, whose errors are reported elsewhere', ['SCAN_TRIGGER="2"', 'rubbish']],
  ])('%s: no finding', (_name, lines) => {
    expect(messages(...lines)).toEqual([]);
  });
});
