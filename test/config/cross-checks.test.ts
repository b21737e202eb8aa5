import { describe, expect, test } from 'vitest';
import { formatFinding } from '../../src/config/finding.ts';
import { parseConfig } from '../../src/config/load.ts';

const ROUTE = 'KILL_ROUTE="/sbin/ip route add blackhole $TARGET$"';
const UNDO = 'UNKILL_ROUTE="undo $TARGET$"';

/** The findings about these lines, without the notes. */
function findingsOf(...lines: string[]): string[] {
  const { findings } = parseConfig(lines.join('\n'), 'f');
  return findings.filter(({ severity }) => severity !== 'note').map(formatFinding);
}

describe('1.x with BLOCK=1 and no action, or BLOCK=2 and no command, did nothing and wrote "Blocked"', () => {
  const needs1 = 'expected KILL_ROUTE, KILL_HOSTS_DENY or KILL_RUN_CMD to be set, found nothing to run';
  const needs2 = 'expected KILL_RUN_CMD or KILL_ROUTE to be set, found nothing to run';
  test.each([
    [
      '1 alone with no method',
      ['BLOCK_TCP="1"', 'BLOCK_METHOD="none"'],
      `f:1:1: error: BLOCK_TCP="1": ${needs1}`,
    ],
    [
      '1 with a missing command',
      ['BLOCK_TCP="1"', 'BLOCK_METHOD="command"'],
      `f:1:1: error: BLOCK_TCP="1": ${needs1}`,
    ],
    ['2 alone', ['BLOCK_UDP="2"'], `f:1:1: error: BLOCK_UDP="2": ${needs2}`],
    [
      '2 with hosts.deny only',
      ['BLOCK_TCP="2"', 'KILL_HOSTS_DENY="ALL: $TARGET$"'],
      `f:1:1: error: BLOCK_TCP="2": ${needs2}`,
    ],
    [
      '1 with a disabled KILL_ROUTE',
      ['BLOCK_TCP="1"', ROUTE, 'BLOCK_METHOD="none"'],
      `f:1:1: error: BLOCK_TCP="1": ${needs1}`,
    ],
    [
      '2 with a method that it does not use',
      ['BLOCK_TCP="2"', 'BLOCK_METHOD="null"'],
      `f:1:1: error: BLOCK_TCP="2": ${needs2}`,
    ],
  ])('%s is an error', (_name, lines, finding) => {
    expect(findingsOf(...lines)).toContain(finding);
    expect(parseConfig(lines.join('\n'), 'f').config).toBeNull();
  });

  test.each([
    ['0 alone', ['BLOCK_TCP="0"']],
    ['1 alone, which chooses the best method', ['BLOCK_TCP="1"']],
    ['1 with KILL_ROUTE and its undo', ['BLOCK_TCP="1"', ROUTE, UNDO]],
    ['1 with hosts.deny', ['BLOCK_TCP="1"', 'KILL_HOSTS_DENY="ALL: $TARGET$"', 'BLOCK_METHOD="none"']],
    ['1 with a command', ['BLOCK_TCP="1"', 'KILL_RUN_CMD="/bin/x"', 'BLOCK_METHOD="auto"']],
    ['2 with a command', ['BLOCK_TCP="2"', 'KILL_RUN_CMD="/bin/x"']],
  ])('%s is valid', (_name, lines) => {
    expect(findingsOf(...lines)).toEqual([]);
  });
});

test('BLOCK=2 without KILL_RUN_CMD runs KILL_ROUTE, and says that 1.x did nothing', () => {
  expect(findingsOf('BLOCK_UDP="2"', ROUTE, UNDO)).toEqual([
    'f:1:1: warning: BLOCK_UDP="2" without KILL_RUN_CMD: KILL_ROUTE is run as the external command (PortSentry 1.x did nothing and still wrote "Blocked")',
  ]);
});

describe('1.x reported IPv6 scanners as blocked by the usual iptables command', () => {
  const warns = (command: string, block = '1') =>
    findingsOf(`BLOCK_TCP="${block}"`, `KILL_ROUTE="${command}"`).join().includes('knows no IPv6');
  test.each([
    '/sbin/iptables -I INPUT -s $TARGET$ -j DROP',
    'iptables -I INPUT -s $TARGET$ -j DROP',
    'logger x; iptables-nft -I INPUT -s $TARGET$ -j DROP',
    'timeout 5 iptables -I INPUT -s $TARGET$ -j DROP',
    '/sbin/route add -host $TARGET$ reject',
  ])('%s needs a KILL_ROUTE6', (command) => {
    expect(warns(command)).toBe(true);
  });

  test.each([
    '/sbin/ip6tables -I INPUT -s $TARGET$ -j DROP',
    '/usr/local/bin/my-iptables.sh $TARGET$',
    'iptables -s $TARGET$ || ip6tables -s $TARGET$',
    '/sbin/ip route add blackhole $TARGET$',
  ])('%s does not', (command) => {
    expect(warns(command)).toBe(false);
  });

  test('with KILL_ROUTE6 there is no warning', () => {
    const lines = [
      'BLOCK_TCP="1"',
      'KILL_ROUTE="iptables -s $TARGET$"',
      'KILL_ROUTE6="ip6tables -s $TARGET$"',
    ];
    expect(findingsOf(...lines).join()).not.toContain('knows no IPv6');
  });

  test('a KILL_ROUTE that is not run needs none: nobody is blocked, or by something else', () => {
    expect(warns('/sbin/iptables -I INPUT -s $TARGET$ -j DROP', '0')).toBe(false);
    const lines = ['KILL_ROUTE="iptables -s $TARGET$"', 'BLOCK_TCP="2"', 'KILL_RUN_CMD="/bin/x"'];
    expect(findingsOf(...lines)).toEqual([]);
  });
});

describe('$TARGET$', () => {
  test.each(['KILL_ROUTE', 'KILL_ROUTE6', 'UNKILL_ROUTE', 'UNKILL_ROUTE6', 'KILL_HOSTS_DENY'])(
    '%s without it is an error',
    (key) => {
      expect(findingsOf(`${key}="$PORT$"`)).toEqual([
        `f:1:${key.length + 3}: error: ${key}: expected $TARGET$ in it, found none; it would do the same for every source`,
      ]);
    },
  );

  test('KILL_RUN_CMD does not need it, and an empty value is unset', () => {
    expect(findingsOf('KILL_RUN_CMD="/bin/page-me"', 'KILL_ROUTE=""')).toEqual([]);
  });
});

test('a warning names the unknown token and the known ones', () => {
  expect(findingsOf('KILL_RUN_CMD="/bin/x $TARGET$ $PRT$"')).toEqual([
    'f:1:31: warning: KILL_RUN_CMD: $PRT$ is not a token and stays as it is (did you mean $PORT$?); the tokens are $TARGET$ $PORT$ $MODE$ $PROTO$ $KIND$',
  ]);
});

test('a relative path causes a warning', () => {
  expect(findingsOf('HISTORY_FILE="./history"')).toEqual([
    'f:1:15: warning: HISTORY_FILE: a relative path depends on the folder in which portsentry starts',
  ]);
});

test('an empty port list causes a warning where its mode runs', () => {
  expect(findingsOf('TCP_PORTS=""', 'UDP_PORTS=""', 'MODES="stcp,udp"')).toEqual([
    'f:1:1: warning: TCP_PORTS names no port: -stcp watches nothing',
    'f:2:1: warning: UDP_PORTS names no port: -udp watches nothing',
  ]);
  expect(findingsOf('TCP_PORTS=""', 'UDP_PORTS=""')).toEqual([]);
});

describe('hosts.deny alone: the old PortSentry left the firewall as it was', () => {
  const DENY = 'KILL_HOSTS_DENY="ALL: $TARGET$"';
  test('the firewall block beside it is said', () => {
    expect(findingsOf('BLOCK_TCP="1"', 'BLOCK_UDP="1"', DENY)).toEqual([
      'f:1:1: warning: BLOCK_TCP="1" and BLOCK_UDP="1" without KILL_ROUTE: the old PortSentry only wrote hosts.deny; here the source is blocked in the firewall, too; set BLOCK_METHOD="auto" to keep this, or "none" for the old way',
    ]);
    expect(findingsOf('BLOCK_UDP="1"', 'KILL_RUN_CMD="/bin/x"')).toEqual([
      'f:1:1: warning: BLOCK_UDP="1" without KILL_ROUTE: the old PortSentry only ran KILL_RUN_CMD; here the source is blocked in the firewall, too; set BLOCK_METHOD="auto" to keep this, or "none" for the old way',
    ]);
  });

  test.each([
    ['BLOCK_METHOD="auto"', 'BLOCK_TCP="1"'],
    ['BLOCK_METHOD="none"', 'BLOCK_TCP="1"'],
    ['BLOCK_METHOD="nftables"', 'BLOCK_TCP="1"'],
    ['BLOCK_TCP="0"', 'BLOCK_UDP="0"'],
  ])('with %s and %s there is nothing to say', (...lines) => {
    expect(findingsOf(...lines, DENY)).toEqual([]);
  });
});

describe('BLOCK_METHOD', () => {
  test('auto may be written, and is the default', () => {
    for (const line of ['', 'BLOCK_METHOD=""', 'BLOCK_METHOD="auto"']) {
      const { config, findings } = parseConfig(line, 'f');
      expect(config?.blockMethod).toBeNull();
      expect(findings).toEqual([]);
    }
  });

  test.each([
    ['nftable', ' (did you mean nftables?)'],
    ['nul', ''],
    ['iptabels', ' (did you mean iptables?)'],
  ])('%s is refused with the nearest method, and never with one that is for tests', (word, hint) => {
    expect(findingsOf(`BLOCK_METHOD="${word}"`)).toEqual([
      `f:1:15: error: BLOCK_METHOD: expected "auto", "command", "nftables", "ipset", "iptables", "route" or "none"${hint}, found "${word}"`,
    ]);
  });

  test.each(['nftables', 'ipset', 'iptables', 'route'])('%s is valid', (method) => {
    expect(findingsOf('BLOCK_TCP="1"', `BLOCK_METHOD="${method}"`)).toEqual([]);
  });

  test('KILL_ROUTE6 alone is not run, which causes a warning', () => {
    expect(findingsOf('BLOCK_TCP="1"', 'KILL_ROUTE6="ip6 $TARGET$"')).toEqual([
      'f:2:1: warning: KILL_ROUTE6 is not run without KILL_ROUTE or BLOCK_METHOD="command"',
    ]);
  });

  test.each([
    ['null', ['BLOCK_TCP="1"'], ' blocks nothing and reports every block as done; use it for tests only'],
    [
      'command',
      ['BLOCK_TCP="1"', 'KILL_RUN_CMD="/bin/x"'],
      ' without KILL_ROUTE: nothing shuts a source out',
    ],
    ['none', ['BLOCK_TCP="1"', 'KILL_RUN_CMD="/bin/x"', ROUTE], ': KILL_ROUTE is set and not run'],
  ])('%s causes a warning', (method, lines, message) => {
    expect(findingsOf(`BLOCK_METHOD="${method}"`, ...lines)).toEqual([
      `f:1:1: warning: BLOCK_METHOD="${method}"${message}`,
    ]);
  });
});

describe('there is no finding', () => {
  test('about any mode', () => {
    expect(parseConfig('MODES="tcp,udp"', 'f').findings).toEqual([]);
    expect(parseConfig('MODES="stcp,audp"', 'f').findings).toEqual([]);
  });

  test('about a key that the file does not set', () => {
    expect(parseConfig('', 'f').findings).toEqual([]);
  });
});

describe('BLOCK_SPOOFABLE="0" blocks nobody in modes that prove no address', () => {
  const warning = expect.stringMatching(/^f:1:1: warning: BLOCK_SPOOFABLE="0": .* block and hold nobody/);

  test.each<[string, string[], unknown[]]>([
    ['where sources would be blocked', ['BLOCK_TCP="1"'], [warning]],
    ['where nobody is blocked anyway', ['BLOCK_TCP="0"'], []],
    ['with the mode tcp', ['BLOCK_TCP="1"', 'MODES="tcp"', 'TCP_PORTS="1"'], []],
  ])('%s', (_what, lines, findings) => {
    expect(findingsOf('BLOCK_SPOOFABLE="0"', ...lines)).toEqual(findings);
  });
});

describe('notifications', () => {
  const ADDRESS = 'NOTIFY_URL="https://ntfy.example/topic"';
  test.each<[name: string, lines: string[], findings: string[]]>([
    ['an address alone', [ADDRESS, 'NOTIFY_FORMAT="ntfy"', 'NOTIFY_TOKEN_FILE="/t"'], []],
    ['a file with the address', ['NOTIFY_URL_FILE="/u"', 'NOTIFY_FORMAT="slack"'], []],
    [
      'two addresses',
      [ADDRESS, 'NOTIFY_URL_FILE="/u"'],
      ['f:1:1: warning: NOTIFY_URL is not used: NOTIFY_URL_FILE has another address'],
    ],
    [
      'what goes with an address, without one',
      ['NOTIFY_FORMAT="ntfy"', 'NOTIFY_TOKEN_FILE="/t"'],
      [
        'f:1:1: warning: NOTIFY_FORMAT has no effect without NOTIFY_URL',
        'f:2:1: warning: NOTIFY_TOKEN_FILE has no effect without NOTIFY_URL',
      ],
    ],
    [
      'an address without TLS',
      ['NOTIFY_URL="http://ntfy.example/topic"', 'NOTIFY_TOKEN_FILE="/t"'],
      [
        'f:1:1: warning: NOTIFY_URL: everybody on the way can read and change notifications and the token; https:// prevents it',
      ],
    ],
    ['one of this host', ['NOTIFY_URL="http://127.0.0.1:8080/"'], []],
  ])('%s', (_name, lines, findings) => {
    expect(findingsOf(...lines)).toEqual(findings);
  });

  test.each([
    'https://user:hunter22@ntfy.example/',
    'https://hunter22@ntfy.example/',
    'ftp://hunter22',
    'hunter22',
    'https://hunter22 x/',
    'https://',
  ])('%s is refused, and no message has it', (address) => {
    const [finding, ...others] = findingsOf(`NOTIFY_URL="${address}"`);
    expect(finding).toMatch(/^f:1:13: error: NOTIFY_URL: expected an address /);
    expect(finding).not.toContain('hunter22');
    expect(others).toEqual([]);
  });
});
