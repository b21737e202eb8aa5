import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type CheckOptions, renderCheck, runCheck } from '../../src/cli/check.ts';
import { parseConfig } from '../../src/config/load.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portsentry-check-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

async function check(options: CheckOptions) {
  let stdout = '';
  let stderr = '';
  const code = await runCheck(options, {
    stdout: async (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
  });
  return { code, stdout, stderr };
}

/** Writes a configuration whose files have existing folders, followed by these lines. */
function configFile(...lines: string[]): string {
  const file = join(folder, 'portsentry.conf');
  const files = ['IGNORE', 'HISTORY', 'BLOCKED'].map(
    (name) => `${name}_FILE="${folder}/${name.toLowerCase()}"`,
  );
  writeFileSync(join(folder, 'ignore'), '127.0.0.1/32\n');
  writeFileSync(file, `${[...files, ...lines].join('\n')}\n`);
  return file;
}

/** The part about a scanner that `check` prints for a configuration text. */
function responseOf(text: string): string {
  const rendered = renderCheck(parseConfig(text, 'f'));
  return rendered.slice(rendered.indexOf('What will happen'));
}

describe('exit code and streams', () => {
  test('0 for a good configuration', async () => {
    const file = configFile('SCAN_TRIGGER="2"');
    const { code, stdout, stderr } = await check({ configfile: file });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')[0]).toBe(`Configuration: ${file}`);
  });

  test('0 with warnings, which are shown', async () => {
    const file = configFile('SCAN_TRIGER="2"');
    const { code, stdout } = await check({ configfile: file });
    expect(code).toBe(0);
    expect(stdout).toContain(
      `${file}:4:1: warning: unknown key SCAN_TRIGER is not read; did you mean SCAN_TRIGGER?\n`,
    );
  });

  test('78 with errors: only the findings, and one line on stderr', async () => {
    const file = configFile('BLOCK_TCP="7"', 'TCP_PORTS="0"');
    expect(await check({ configfile: file })).toEqual({
      code: 78,
      stdout:
        `${file}:4:12: error: BLOCK_TCP: expected "0", "1" or "2", found "7"\n` +
        `${file}:5:12: error: TCP_PORTS: expected a port from 1 to 65535 or a range such as 7-9, found "0"\n`,
      stderr: 'portsentry: 2 errors in the configuration: portsentry would not start\n',
    });
  });

  test('66 for a missing file of -c', async () => {
    expect(await check({ configfile: `${folder}/none.conf` })).toEqual({
      code: 66,
      stdout: '',
      stderr: `portsentry: ${folder}/none.conf: no such file; name one with -c FILE\n`,
    });
  });

  test('without a file, the first line says that the built-in defaults only log', async () => {
    const { code, stdout } = await check({ usualFile: `${folder}/none.conf` });
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toBe(
      'No configuration file: the built-in defaults, which only log, are in force.',
    );
  });
});

describe('files that the configuration needs', () => {
  test('HISTORY_FILE in a folder that does not exist is an error at its value', async () => {
    const file = join(folder, 'portsentry.conf');
    writeFileSync(file, `HISTORY_FILE="${folder}/none/history"\n`);
    const { code, stdout } = await check({ configfile: file });
    expect(code).toBe(78);
    expect(stdout).toContain(
      `${file}:1:15: error: HISTORY_FILE: expected the folder ${folder}/none to exist, found none; make it or name another\n`,
    );
  });

  test('a missing ignore file is a warning', async () => {
    const file = configFile();
    rmSync(join(folder, 'ignore'));
    const { code, stdout } = await check({ configfile: file });
    expect(code).toBe(0);
    expect(stdout).toContain(
      `${folder}/ignore: warning: IGNORE_FILE: there is no such file; nobody is spared by it\n`,
    );
  });

  test('a bad address in the ignore file is an error at its position', async () => {
    const file = configFile();
    writeFileSync(join(folder, 'ignore'), '10.0.0.0/8\n  10.0.0.300\n');
    const { code, stdout } = await check({ configfile: file });
    expect(code).toBe(78);
    expect(stdout).toContain(`${folder}/ignore:2:3: error: expected an IPv4 or IPv6 address`);
  });

  test('an ignore file that is a folder is an error', async () => {
    const file = join(folder, 'portsentry.conf');
    writeFileSync(file, `IGNORE_FILE="${folder}"\n`);
    const { code, stdout } = await check({ configfile: file });
    expect(code).toBe(78);
    expect(stdout).toContain(`${folder}: error: IGNORE_FILE: cannot be read (EISDIR)\n`);
  });
});

test('the settings are a table of key, origin and value', () => {
  const rendered = renderCheck(parseConfig('#\nSCAN_TRIGGER="2"\nKILL_ROUTE="/bin/x $TARGET$"\n', 'f'));
  const table = rendered.slice(rendered.indexOf('Settings\n'), rendered.indexOf('\nWhat will happen'));
  const rows = table.split('\n').slice(1, -1);
  expect(rows).toHaveLength(43);
  expect(rows).toContain('  SCAN_TRIGGER          line 2   2');
  expect(rows).toContain('  KILL_ROUTE            line 3   /bin/x $TARGET$');
  expect(rows).toContain('  KILL_ROUTE6           default  -');
  expect(rows).toContain('  SCAN_WINDOW           default  24h');
  expect(rows, 'resolved').toContain('  MODES                 default  atcp,audp');
  expect(rows, 'resolved').toContain('  BLOCK_METHOD          default  command');
  const unset = renderCheck(parseConfig('BLOCK_TCP="1"\n', 'f'));
  expect(unset, 'the host decides').toContain('  BLOCK_METHOD          default  -\n');
});

describe('what will happen to a scanner', () => {
  test('everything, for both families and in order', () => {
    const text = `
BLOCK_TCP="1"
KILL_ROUTE="iptables -s $TARGET$"
KILL_ROUTE6="ip6tables -s $TARGET$"
KILL_HOSTS_DENY="ALL: $TARGET$"
KILL_RUN_CMD="/bin/page $PORT$"
KILL_RUN_CMD_FIRST="1"
SCAN_TRIGGER="2"
SCAN_WINDOW="30m"
MODES="stcp"
TCP_PORTS="1,7-9"
UDP_PORTS="1-21"
HISTORY_FILE="/h"
BLOCKED_FILE="/b"
EVENT_FILE="/e"
`;
    expect(responseOf(text)).toBe(`What will happen to a scanner

  TCP
    -atcp watches every port below 1024 except 113,139
    -stcp watches the ports of TCP_PORTS (4) (started: MODES)
    -tcp watches the ports of TCP_PORTS (4) by listening on them
    Ports that this host uses itself are never watched.
    Connect number 3 of a source within 30m triggers.
    Sources that send the same at the same time (decoys) are only logged (DECOY_POLICY="log").
    BLOCK_TCP="1": it is blocked, in this order:
      IPv4, 1. KILL_RUN_CMD is run by /bin/sh: /bin/page $PORT$
      IPv4, 2. KILL_ROUTE is run by /bin/sh: iptables -s $TARGET$
      IPv4, 3. the line ALL: $TARGET$ is added to /etc/hosts.deny (KILL_HOSTS_DENY)
      IPv6, 1. KILL_RUN_CMD is run by /bin/sh: /bin/page $PORT$
      IPv6, 2. KILL_ROUTE6 is run by /bin/sh: ip6tables -s $TARGET$
      IPv6, 3. the line ALL: $TARGET$ is added to /etc/hosts.deny (KILL_HOSTS_DENY, the address in brackets)

  UDP
    -audp watches every port below 1024 except 67,137-138,520
    -sudp watches the ports of UDP_PORTS (21)
    -udp watches the ports of UDP_PORTS (21) by listening on them
    MODES names no UDP mode: none of them is started.
    Ports that this host uses itself are never watched.
    Connect number 3 of a source within 30m triggers.
    BLOCK_UDP="0": it is only logged; nothing is run.

  Records
    Log: a line for each probe and each action, as PortSentry 1.x writes them.
    /h: a line for each block that worked and for each source that triggers but is only logged.
    /b.MODE: a line for each block that worked.
    /e: a JSON object for each event.
    A block that fails (exit status other than 0) is written to neither file and is tried again
    at a later probe.
    A block stays until you remove it or until the next boot: UNKILL_ROUTE is not set.
`);
  });

  test('BLOCK_UDP=2 runs KILL_ROUTE as the external command', () => {
    expect(responseOf('BLOCK_UDP="2"\nKILL_ROUTE="/bin/x $TARGET$"\n')).toContain(
      [
        '    BLOCK_UDP="2": only the external command is run:',
        '      IPv4, 1. KILL_ROUTE is run by /bin/sh: /bin/x $TARGET$',
        '      IPv6, 1. KILL_ROUTE is run by /bin/sh: /bin/x $TARGET$',
        '',
      ].join('\n'),
    );
  });

  test('BLOCK_UDP=2 with KILL_RUN_CMD runs only that', () => {
    const text = responseOf('BLOCK_UDP="2"\nKILL_ROUTE="/bin/x $TARGET$"\nKILL_RUN_CMD="/bin/y"\n');
    expect(text).toContain('IPv4, 1. KILL_RUN_CMD is run by /bin/sh: /bin/y\n');
    expect(text).not.toContain('/bin/x');
  });

  test('a block method instead of KILL_ROUTE', () => {
    expect(responseOf('BLOCK_TCP="1"\nBLOCK_METHOD="null"\n')).toContain(
      'IPv4, 1. it is blocked by the method null, which does nothing and reports success\n',
    );
    expect(responseOf('BLOCK_TCP="1"\n')).toContain(
      'IPv6, 1. it is blocked by the best of nftables, ipset, iptables and route that this host has (logged at startup)\n',
    );
  });

  test.each([
    [
      '',
      'A block lasts 24h, the next one of the same source 2 times as long, at most 30d; it survives restarts and reboots.',
    ],
    ['BLOCK_TIME_FACTOR="1"', 'A block lasts 24h; it survives restarts and reboots.'],
    ['BLOCK_TIME="0"', 'A block stays until somebody unblocks it; it survives restarts and reboots.'],
  ])('%s: %s', (setting, sentence) => {
    expect(responseOf(`BLOCK_TCP="1"\n${setting}\n`)).toContain(`    ${sentence}\n`);
  });

  test('the settings decide whether a probe that may be forged is acted on', () => {
    const decoys =
      '    Sources that send the same at the same time (decoys) are only logged (DECOY_POLICY="log").\n';
    const single =
      '    One packet, which anybody can forge, is not enough: a second, different one must follow (BLOCK_SPOOFABLE="0").\n';
    const blocks = 'BLOCK_TCP="1"\nKILL_ROUTE="true $TARGET$"\n';
    expect(responseOf(blocks)).toContain(decoys);
    expect(responseOf(blocks)).not.toContain(single);
    expect(responseOf(`${blocks}DECOY_POLICY="block"\nBLOCK_SPOOFABLE="0"\n`)).toContain(single);
    expect(responseOf(`${blocks}DECOY_POLICY="block"\nBLOCK_SPOOFABLE="0"\n`)).not.toContain('decoys');
    expect(responseOf(`${blocks}BLOCK_SPOOFABLE="0"\nSCAN_TRIGGER="1"\n`)).not.toContain(single);
    expect(responseOf('BLOCK_TCP="0"\nBLOCK_SPOOFABLE="0"\n')).not.toContain(single);
  });

  test('SCAN_TRIGGER="1" of 1.x behaved like "0": here one connect is allowed', () => {
    expect(responseOf('SCAN_TRIGGER="0"\n')).toContain('    The first connect of a source triggers.\n');
    expect(responseOf('SCAN_TRIGGER="1"\nSCAN_WINDOW="0"\n')).toContain(
      '    Connect number 2 of a source, however late, triggers.\n',
    );
  });
});

test("the user's own configuration", async () => {
  const file = join(import.meta.dirname, '../../fixtures/conf/gentoo-wiki.conf');
  const { stdout } = await check({ configfile: file });
  expect(stdout).toContain(`${file}:26:1: warning: KILL_ROUTE calls iptables, which knows no IPv6`);
  expect(stdout).toContain(
    'IPv4, 1. KILL_ROUTE is run by /bin/sh: /sbin/iptables -I INPUT -s $TARGET$ -j DROP && echo "$TARGET$:$PORT$" >> /var/log/portsentry.block.log\n',
  );
});
