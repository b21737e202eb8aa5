import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ModeName } from '../../src/config/config.ts';
import { FIELDS, formatField } from '../../src/config/directives.ts';
import { formatFinding } from '../../src/config/finding.ts';
import { MAX_VALUE_CHARACTERS } from '../../src/config/lexer.ts';
import {
  defaultConfig,
  loadConfig,
  loadConfigOrDefault,
  MAX_CONFIG_BYTES,
  parseConfig,
} from '../../src/config/load.ts';
import { costRatio } from '../support/processor-time.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/conf');

function temporaryFile(content: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'portsentry.conf');
  writeFileSync(file, content);
  return file;
}

/** Loads a fixture as for the modes that use its lists of ports; its findings are text. */
function fixture(name: string, modes: readonly ModeName[] | null = null) {
  const result = loadConfig(join(FIXTURES, name), modes);
  if (result.status !== 'read') throw new Error(result.reason);
  const findings = result.findings.map((finding) => formatFinding({ ...finding, file: name }));
  return { config: result.config, findings };
}

describe("the user's own configuration, verbatim", () => {
  const { config, findings } = fixture('gentoo-wiki.conf');

  test('has these values', () => {
    expect(config).toMatchObject({
      file: join(FIXTURES, 'gentoo-wiki.conf'),
      advancedPortsTcp: 65355,
      advancedPortsUdp: 65355,
      ignoreFile: '/etc/portsentry/portsentry.ignore',
      historyFile: '/etc/portsentry/portsentry.history',
      blockedFile: '/etc/portsentry/portsentry.blocked',
      resolveHost: false,
      blockTcp: 2,
      blockUdp: 2,
      killHostsDeny: null,
      killRunCmd: null,
      scanTrigger: 0,
    });
    expect(String(config?.advancedExcludeTcp)).toBe('80,113,139');
    expect(String(config?.advancedExcludeUdp)).toBe('67,137-138,520');
    expect(config?.tcpPorts.size).toBe(45);
    expect(config?.udpPorts.size).toBe(32);
  });

  test('its KILL_ROUTE is one value with its inner quotes', () => {
    expect(config?.killRoute).toBe(
      '/sbin/iptables -I INPUT -s $TARGET$ -j DROP && echo "$TARGET$:$PORT$" >> /var/log/portsentry.block.log',
    );
  });

  test('has these warnings', () => {
    expect(findings).toEqual([
      'gentoo-wiki.conf:24:1: warning: BLOCK_TCP="2" and BLOCK_UDP="2" without KILL_RUN_CMD: KILL_ROUTE is run as the external command (PortSentry 1.x did nothing and still wrote "Blocked")',
      'gentoo-wiki.conf:26:1: warning: KILL_ROUTE calls iptables, which knows no IPv6: an IPv6 source stays unblocked; set KILL_ROUTE6, for instance to "/sbin/ip6tables -I INPUT -s $TARGET$ -j DROP"',
      'gentoo-wiki.conf:26:1: warning: KILL_ROUTE without UNKILL_ROUTE: nothing here can take a block back, so it stays until you do or until the next boot; set UNKILL_ROUTE="/sbin/iptables -D INPUT -s $TARGET$ -j DROP", or leave KILL_ROUTE out and let BLOCK_METHOD do it',
    ]);
  });
});

test('the keys of PortSentry 1.2 are known, and its defaults are the same', () => {
  const { config, findings } = fixture('classic-1.2.conf');
  expect(findings).toEqual([]);
  expect(config).toMatchObject({ killRoute: expect.any(String), killHostsDeny: 'ALL: $TARGET$ : DENY' });
  expect({ ...config, file: null, killRoute: null, killHostsDeny: null }).toEqual(defaultConfig());
});

test('the keys of PortSentry 2.0 are known', () => {
  const { config, findings } = fixture('classic-2.0.conf');
  expect(findings).toEqual([
    expect.stringMatching(/^classic-2\.0\.conf:\d+:1: warning: KILL_ROUTE without UNKILL_ROUTE: /),
  ]);
  expect(config).toMatchObject({ resolveHost: true, blockTcp: 1, killRunCmdFirst: true, scanTrigger: 2 });
  expect(String(config?.udpPorts)).toBe('7,9,13,19,111,389,513,517-518');
});

test('every key is read: none of these keeps its default', () => {
  const { config, findings } = fixture('everything.conf');
  expect(findings).toEqual([
    expect.stringContaining('BLOCK_SPOOFABLE="0": -stcp and -sudp block and hold nobody'),
    expect.stringContaining('NOTIFY_URL is not used: NOTIFY_URL_FILE has another address'),
    expect.stringContaining('REDIS_URL has no effect beside CROWDSEC_URL'),
    expect.stringContaining('SHARE_REPEATED="1": anybody can forge repeated probes'),
  ]);
  if (config === null) throw new Error('expected a configuration');
  const unread = FIELDS.filter((field) => formatField(config, field) === formatField(defaultConfig(), field));
  expect(unread).toEqual([]);
});

describe('a finding says where, what was expected and what was found', () => {
  test.each([
    [
      'port-too-large.conf',
      '1:16: error: TCP_PORTS: expected a port from 1 to 65535 or a range such as 7-9, found "70000"',
    ],
    [
      'reversed-range.conf',
      '1:14: error: TCP_PORTS: expected a range with its lower port first, found "9-7"',
    ],
    ['missing-closing-quote.conf', '2:12: error: expected a closing quote on this line, found none'],
    [
      'rubbish-after-quote.conf',
      '1:15: error: expected the line to end after the closing quote, found "yes"',
    ],
    ['no-setting.conf', '2:1: error: expected KEY="value", found "set -e"'],
    [
      'block-without-action.conf',
      '1:1: error: BLOCK_TCP="1": expected KILL_ROUTE, KILL_HOSTS_DENY or KILL_RUN_CMD to be set, found nothing to run',
    ],
    [
      'kill-route-without-target.conf',
      '2:13: error: KILL_ROUTE: expected $TARGET$ in it, found none; it would do the same for every source',
    ],
  ])('%s', (name, finding) => {
    const { config, findings } = fixture(`bad/${name}`, ['stcp', 'sudp']);
    expect(config).toBeNull();
    expect(findings).toEqual([`bad/${name}:${finding}`]);
  });

  test('a misspelt key is not read, and the warning suggests the nearest one', () => {
    const { config, findings } = fixture('bad/misspelt-key.conf');
    expect(config?.scanTrigger).toBe(0);
    expect(findings).toEqual([
      'bad/misspelt-key.conf:1:1: warning: unknown key SCAN_TRIGER is not read; did you mean SCAN_TRIGGER?',
    ]);
  });

  test('all findings are reported at once, in the order of the file', () => {
    const text = 'BLOCK_TCP="3"\nrubbish\nFOO="1"\nUDP_PORTS="x"\n';
    const { findings } = parseConfig(text, 'f', ['sudp']);
    expect(findings.map(({ line, severity }) => [line, severity])).toEqual([
      [1, 'error'],
      [2, 'error'],
      [3, 'warning'],
      [4, 'error'],
    ]);
  });
});

test.each([
  ['TCP_MODE="stcp"', 'MODES="stcp"', '/etc/default/portsentry'],
  ['UDP_MODE="sudp"', 'MODES="sudp"', '/etc/default/portsentry'],
  ['PORTSENTRY_MODES="stcp sudp"', 'MODES="stcp,sudp"', '/etc/conf.d/portsentry'],
])('%s in the file is a warning that names %s', (line, modes, home) => {
  const [key] = line.split('=');
  expect(parseConfig(line, 'f').findings.map(formatFinding)).toEqual([
    `f:1:1: warning: ${key} is a setting of ${home} and is not read here; in this file ${modes} means the same`,
  ]);
});

test('the first of two equal keys counts, with a warning', () => {
  const { config, findings } = parseConfig('SCAN_TRIGGER="1"\n  SCAN_TRIGGER="2"\n', 'f');
  expect(config?.scanTrigger).toBe(1);
  expect(findings.map(formatFinding)).toEqual([
    'f:2:3: warning: SCAN_TRIGGER is set again and not read; line 1 counts',
  ]);
});

test('a file of more than 1 MiB is an error', () => {
  expect(parseConfig('#'.repeat(MAX_CONFIG_BYTES), 'f').config).not.toBeNull();
  const { config, findings } = parseConfig('#'.repeat(MAX_CONFIG_BYTES + 1), 'f');
  expect(config).toBeNull();
  expect(findings.map(formatFinding)).toEqual([
    'f: error: expected a file of at most 1048576 bytes, found a longer one',
  ]);
});

describe('the longest values take time in proportion to their length, and do not throw', () => {
  const fill = (unit: string, length: number) => unit.repeat(length / unit.length);
  test.each<[string, (length: number) => string]>([
    ['port ranges', (length) => `TCP_PORTS="${fill('1-65535,', length)}"`],
    ['tokens', (length) => `KILL_ROUTE="$TARGET$${fill('$X$ ', length).slice(10)}"`],
    ['blanks', (length) => `KILL_ROUTE="$TARGET$${fill(' ', length).slice(10)}"`],
    ['words', (length) => `MODES="${fill('x ', length)}"`],
    [
      'interfaces',
      (length) => `INTERFACES="${Array.from({ length: length / 6 }, (_, index) => `e${index}`)}"`,
    ],
  ])('%s', (_name, text) => {
    const eighth = Math.floor(MAX_VALUE_CHARACTERS / 8);
    expect(costRatio((length) => parseConfig(text(length), 'f'), eighth)).toBeLessThan(4);
  });
});

test('a configuration is frozen', () => {
  const config = defaultConfig();
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.modes)).toBe(true);
  expect(Object.isFrozen(config.interfaces)).toBe(true);
});

test('the defaults only log', () => {
  expect(defaultConfig()).toMatchObject({ file: null, blockTcp: 0, blockUdp: 0, killRoute: null, modes: [] });
});

describe('reading the file', () => {
  test('CRLF and a byte order mark are accepted', () => {
    const result = loadConfig(temporaryFile('\uFEFFSCAN_TRIGGER="2"\r\nBLOCK_TCP="0"\r\n'));
    expect(result).toMatchObject({ status: 'read', config: { scanTrigger: 2 }, findings: [] });
  });

  test('Latin-1 is harmless in a comment, and an error in a value', () => {
    const comment = Buffer.from('# d\xe9j\xe0 vu\nSCAN_TRIGGER="2"\n', 'latin1');
    expect(loadConfig(temporaryFile(comment))).toMatchObject({ config: { scanTrigger: 2 }, findings: [] });
    const value = Buffer.from('PORT_BANNER="d\xe9j\xe0 vu"\n', 'latin1');
    expect(loadConfig(temporaryFile(value))).toMatchObject({
      config: null,
      findings: [{ line: 1, column: 15 }],
    });
  });

  test('an endless device', () => {
    expect(loadConfig('/dev/zero')).toEqual({
      status: 'unreadable',
      reason: '/dev/zero: a device, not a file',
    });
  });

  test('a missing file', () => {
    expect(loadConfig('/nonexistent/portsentry.conf')).toEqual({
      status: 'missing',
      reason: '/nonexistent/portsentry.conf: no such file; name one with -c FILE',
    });
  });

  test('a folder', () => {
    expect(loadConfig('/')).toEqual({ status: 'unreadable', reason: '/: a folder, not a file' });
  });

  test('a path below a file', () => {
    expect(loadConfig('/etc/passwd/x')).toEqual({
      status: 'unreadable',
      reason: '/etc/passwd/x: cannot be read (ENOTDIR)',
    });
  });

  test('a file that we may not read', () => {
    const file = temporaryFile('');
    chmodSync(file, 0);
    // Root may read everything, so the test gives its rights up for a moment.
    const asRoot = process.geteuid?.() === 0;
    if (asRoot) {
      chmodSync(join(file, '..'), 0o755);
      process.seteuid?.(65534);
    }
    try {
      expect(loadConfig(file)).toEqual({
        status: 'unreadable',
        reason: `${file}: no permission to read it; its owner may, or root with CAP_DAC_OVERRIDE`,
      });
    } finally {
      if (asRoot) process.seteuid?.(0);
    }
  });
});

describe('without a name', () => {
  test('the default file is read', () => {
    const file = temporaryFile('SCAN_TRIGGER="4"\n');
    expect(loadConfigOrDefault(undefined, file)).toMatchObject({ config: { file, scanTrigger: 4 } });
  });

  test('the defaults are used when it does not exist', () => {
    expect(loadConfigOrDefault(undefined, '/nonexistent/portsentry.conf')).toEqual({
      status: 'read',
      config: defaultConfig(),
      findings: [],
      settings: new Map(),
    });
  });

  test('a named file must exist', () => {
    expect(loadConfigOrDefault('/nonexistent/portsentry.conf').status).toBe('missing');
  });
});
