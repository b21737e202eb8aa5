import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { renderCheck, runCheck } from '../../src/cli/check.ts';
import { startOf } from '../../src/cli/check-start.ts';
import { FIELDS } from '../../src/config/directives.ts';
import { parseConfig } from '../../src/config/load.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portsentry-check-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

/** Runs `check` on a host whose service files are below `folder`. */
async function check(configfile: string | undefined, ...mode: string[]) {
  let stdout = '';
  let stderr = '';
  const output = {
    stdout: async (text: string) => {
      stdout += text;
    },
    stderr: (text: string) => {
      stderr += text;
    },
  };
  const places = { root: folder, usualFile: `${folder}/none.conf` };
  const code = await runCheck({ configfile, mode }, output, places);
  return { code, stdout, stderr };
}

/** Writes a file of the service that `check` finds. */
function serviceFile(path: string, ...lines: string[]): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), `${lines.join('\n')}\n`);
}

/** Everything that is printed about a configuration text. */
function rendered(text: string): string {
  const parsed = parseConfig(text, 'f');
  return renderCheck(parsed, parsed.config === null ? null : startOf(parsed.config, null, null));
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
  const output = rendered(text);
  const end = output.indexOf('\nFor information');
  return output.slice(output.indexOf('What will happen'), end < 0 ? undefined : end);
}

describe('exit code and streams', () => {
  test('0 for a good configuration', async () => {
    const file = configFile('SCAN_TRIGGER="2"');
    const { code, stdout, stderr } = await check(file);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')[0]).toBe(`Configuration: ${file}`);
  });

  test('0 with warnings, which are shown', async () => {
    const file = configFile('SCAN_TRIGER="2"');
    const { code, stdout } = await check(file);
    expect(code).toBe(0);
    expect(stdout).toContain(
      `${file}:4:1: warning: unknown key SCAN_TRIGER is not read; did you mean SCAN_TRIGGER?\n`,
    );
  });

  test('78 with errors: only the findings, and one line on stderr', async () => {
    const file = configFile('BLOCK_TCP="7"', 'TCP_PORTS="0"');
    expect(await check(file, 'stcp')).toEqual({
      code: 78,
      stdout:
        `${file}:4:12: error: BLOCK_TCP: expected "0", "1" or "2", found "7"\n` +
        `${file}:5:12: error: TCP_PORTS: expected a port from 1 to 65535 or a range such as 7-9, found "0"\n`,
      stderr: 'portsentry: 2 errors in the configuration: portsentry would not start\n',
    });
  });

  test('66 for a missing file of -c', async () => {
    expect(await check(`${folder}/none.conf`)).toEqual({
      code: 66,
      stdout: '',
      stderr: `portsentry: ${folder}/none.conf: no such file; name one with -c FILE\n`,
    });
  });

  test('without a file, the first line says that the built-in defaults only log', async () => {
    const { code, stdout } = await check(undefined);
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
    const { code, stdout } = await check(file);
    expect(code).toBe(78);
    expect(stdout).toContain(
      `${file}:1:15: error: HISTORY_FILE: expected the folder ${folder}/none to exist, found none; make it or name another\n`,
    );
  });

  test.each([
    ['HISTORY_FILE', ''],
    ['EVENT_FILE', ''],
    ['BLOCKED_FILE', '.atcp'],
  ])('%s that is a folder is an error at its value', async (key, ending) => {
    const file = join(folder, 'portsentry.conf');
    mkdirSync(join(folder, `taken${ending}`));
    writeFileSync(file, `IGNORE_FILE=""\n${key}="${folder}/taken"\n`);
    const { code, stdout } = await check(file, 'atcp');
    expect(code).toBe(78);
    expect(stdout).toContain(
      `:2:${key.length + 3}: error: ${key}: ${folder}/taken${ending} is a folder; name another file\n`,
    );
  });

  test('a STATE_DIR that cannot be made is a warning, because the start goes on without it', async () => {
    const { code, stdout } = await check(configFile(`STATE_DIR="${folder}/ignore/state"`));
    expect(code).toBe(0);
    expect(stdout).toContain(
      `warning: STATE_DIR: something above ${folder}/ignore/state is no folder; no block outlasts a restart\n`,
    );
  });

  test('a folder of CONTROL_SOCKET that cannot be made is an error', async () => {
    const { code, stdout } = await check(configFile(`CONTROL_SOCKET="${folder}/ignore/sock"`));
    expect(code).toBe(78);
    expect(stdout).toContain(`error: CONTROL_SOCKET: ${folder}/ignore is no folder; name another path\n`);
  });

  test('what the ignore file came to is told, and each odd entry', async () => {
    const file = configFile();
    writeFileSync(
      join(folder, 'ignore'),
      '0.0.0.0\n10.0.0.7/8\n10.1.2.3\n192.168.0.0/255.255.0.0\n192.0.2.1 the backup\n127.0.0.1/8\n2001:DB8::1\n',
    );
    const { code, stdout } = await check(file);
    expect(code).toBe(0);
    const told = stdout.split('\n').filter((line) => line.startsWith(`${folder}/ignore`));
    expect(told.map((line) => line.slice(`${folder}/ignore`.length))).toEqual([
      ':5:1: warning: what follows "192.0.2.1" is not read; begin a comment with #',
      ':2:1: warning: "10.0.0.7/8" spares all of 10.0.0.0/8; write it like this, or leave the length out',
      ':1:1: note: "0.0.0.0" spares nobody: no source has this address',
      ':3:1: note: "10.1.2.3" is in "10.0.0.7/8" of line 2 already',
      ':4:1: note: "192.168.0.0/255.255.0.0" means 192.168.0.0/16',
      ':6:1: note: "127.0.0.1/8" spares all of 127.0.0.0/8; write it like this, or leave the length out',
      ': note: IGNORE_FILE: spares 4 addresses and 3 networks',
    ]);
  });

  test('a missing ignore file is a warning', async () => {
    const file = configFile();
    rmSync(join(folder, 'ignore'));
    const { code, stdout } = await check(file);
    expect(code).toBe(0);
    expect(stdout).toContain(
      `${folder}/ignore: warning: IGNORE_FILE: there is no such file; nobody is spared by it\n`,
    );
  });

  test('a bad address in the ignore file is an error at its position', async () => {
    const file = configFile();
    writeFileSync(join(folder, 'ignore'), '10.0.0.0/8\n  10.0.0.300\n');
    const { code, stdout } = await check(file);
    expect(code).toBe(78);
    expect(stdout).toContain(`${folder}/ignore:2:3: error: expected an IPv4 or IPv6 address`);
  });

  test.each([
    [
      'fault 28: a symbolic link',
      (path: string) => symlinkSync('/etc/passwd', path),
      'is a symbolic link, which is not followed',
    ],
    [
      'fault 30: a pipe',
      (path: string) => void spawnSync('mkfifo', [path]),
      'is a pipe, a device or a socket',
    ],
  ])('%s in the place of the event file is an error', async (_what, make, message) => {
    const file = join(folder, 'portsentry.conf');
    make(join(folder, 'events'));
    writeFileSync(file, `EVENT_FILE="${folder}/events"\n`);
    const { code, stdout } = await check(file);
    expect(code).toBe(78);
    expect(stdout).toContain(`error: EVENT_FILE: ${folder}/events ${message}; name another file\n`);
  });

  test.each(['-c', 'IGNORE_FILE'])('fault 30: a pipe as %s is refused at once', async (where) => {
    const pipe = join(folder, 'pipe');
    spawnSync('mkfifo', [pipe]);
    if (where === '-c') {
      expect(await check(pipe)).toMatchObject({
        code: 66,
        stderr: expect.stringContaining(`${pipe}: a pipe, not a file`),
      });
      return;
    }
    const file = join(folder, 'portsentry.conf');
    writeFileSync(file, `IGNORE_FILE="${pipe}"\n`);
    expect((await check(file)).stdout).toContain(
      `${pipe}: error: IGNORE_FILE: cannot be read (a pipe, not a file)\n`,
    );
  });

  test('an ignore file that is a folder is an error', async () => {
    const file = join(folder, 'portsentry.conf');
    writeFileSync(file, `IGNORE_FILE="${folder}"\n`);
    const { code, stdout } = await check(file);
    expect(code).toBe(78);
    expect(stdout).toContain(`${folder}: error: IGNORE_FILE: cannot be read (a folder, not a file)\n`);
  });
});

test.each([
  ['SENSOR="packet"', 'it needs the kernel sensor, and SENSOR="packet" is set'],
  ['HOLD="0"', 'it tests sources that the kernel holds, and HOLD="0" holds none'],
])('CHALLENGE="1" without what it needs: %s', async (setting, reason) => {
  const file = join(folder, 'portsentry.conf');
  writeFileSync(file, `CHALLENGE="1"\n${setting}\nBLOCK_TCP="1"\nBLOCK_METHOD="nftables"\n`);
  const { code, stdout } = await check(file);
  expect(code).toBe(0);
  expect(stdout).toContain(`${file}:1:1: warning: CHALLENGE="1" has no effect: ${reason}\n`);
});

test.each([
  ['CHALLENGE="0"', true],
  ['CHALLENGE="1"', false],
])(
  'BLOCK_SPOOFABLE="0" with %s: whether nothing can prove an address in the mode atcp',
  async (setting, warns) => {
    const file = join(folder, 'portsentry.conf');
    writeFileSync(file, `BLOCK_SPOOFABLE="0"\n${setting}\nBLOCK_TCP="1"\nBLOCK_METHOD="nftables"\n`);
    const { stdout } = await check(file, 'atcp');
    expect(stdout.includes('-atcp block and hold nobody')).toBe(warns);
  },
);

test('the settings are a table of key, origin and value', () => {
  const output = rendered('#\nSCAN_TRIGGER="2"\nKILL_ROUTE="/bin/x $TARGET$"\n');
  const table = output.slice(output.indexOf('Settings\n'), output.indexOf('\nWhat will happen'));
  const lines = table.split('\n').slice(1, -1);
  // The columns are as wide as the longest key.
  const rows = lines.map((line) => line.replace(/ +/g, ' '));
  expect(rows).toHaveLength(FIELDS.length);
  expect(rows).toContain(' SCAN_TRIGGER line 2 2');
  expect(rows).toContain(' KILL_ROUTE line 3 /bin/x $TARGET$');
  expect(rows).toContain(' KILL_ROUTE6 default -');
  expect(rows).toContain(' SCAN_WINDOW default 24h');
  expect(rows, 'resolved').toContain(' MODES default atcp,audp');
  expect(rows, 'none is something else').toContain(' BLOCK_METHOD default auto');
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
    IPv4: A block stays until you remove it or until the next boot: UNKILL_ROUTE is not set.
    IPv6: A block stays until you remove it or until the next boot: UNKILL_ROUTE6 is not set.
    Nothing can say whether what KILL_ROUTE did is in force; it runs again for a source that still gets answers.
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

  test.each([
    [
      'KILL_ROUTE6="/bin/x6 $TARGET$"\nUNKILL_ROUTE="/bin/u $TARGET$"\nBLOCK_TIME_FACTOR="1"',
      [
        'IPv4: A block lasts 24h; it survives restarts and reboots.',
        'IPv6: A block stays until you remove it or until the next boot: UNKILL_ROUTE6 is not set.',
        'Nothing can say whether what KILL_ROUTE did is in force; it runs again for a source that still gets answers.',
      ],
    ],
    [
      'UNKILL_ROUTE="/bin/u $TARGET$"\nBLOCK_TIME="0"',
      ['A block stays until somebody unblocks it; it survives restarts and reboots.'],
    ],
  ])('what lasts by KILL_ROUTE, for each family: %s', (settings, sentences) => {
    const text = responseOf(`BLOCK_TCP="1"\nKILL_ROUTE="/bin/x $TARGET$"\n${settings}\n`);
    for (const sentence of sentences) expect(text).toContain(`    ${sentence}\n`);
  });

  test('a line in hosts.deny alone: it can be taken back, and nothing can say whether it is in force', () => {
    const text = responseOf('BLOCK_TCP="1"\nBLOCK_METHOD="none"\nKILL_HOSTS_DENY="ALL: $TARGET$"\n');
    expect(text).toContain('    A block lasts 24h, ');
    expect(text).toContain('    Nothing can say whether a line in hosts.deny is in force: ');
  });

  test('the settings decide whether a probe that may be forged is acted on', () => {
    const decoys =
      '    Sources that send the same at the same time (decoys) are only logged (DECOY_POLICY="log").\n';
    const single =
      '    Packets that anybody can forge are not enough, however many: only a source that proves its address, by a connection in -tcp, is blocked (BLOCK_SPOOFABLE="0").\n';
    const blocks = 'BLOCK_TCP="1"\nKILL_ROUTE="true $TARGET$"\n';
    expect(responseOf(blocks)).toContain(decoys);
    expect(responseOf(blocks)).not.toContain(single);
    expect(responseOf(`${blocks}DECOY_POLICY="block"\nBLOCK_SPOOFABLE="0"\n`)).toContain(single);
    expect(responseOf(`${blocks}DECOY_POLICY="block"\nBLOCK_SPOOFABLE="0"\n`)).not.toContain('decoys');
    expect(responseOf(`${blocks}BLOCK_SPOOFABLE="0"\nSCAN_TRIGGER="1"\n`)).toContain(single);
    const tested = responseOf(`${blocks}BLOCK_SPOOFABLE="0"\nCHALLENGE="1"\n`);
    expect(tested).toContain('by a connection in -tcp or the coin test, is blocked');
    expect(tested).toContain('    Half of the TCP ports of a held source answer with RST');
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
  const { stdout } = await check(file);
  expect(stdout).toContain(`${file}:26:1: warning: KILL_ROUTE calls iptables, which knows no IPv6`);
  expect(stdout).toContain(
    'IPv4, 1. KILL_ROUTE is run by /bin/sh: /sbin/iptables -I INPUT -s $TARGET$ -j DROP && echo "$TARGET$:$PORT$" >> /var/log/portsentry.block.log\n',
  );
});

describe('what the service of this host starts', () => {
  const usual = () => configFile('TCP_PORTS="1-3"', 'UDP_PORTS="1-3"');

  test.each<[string, string[], tcp: string, udp: string]>([
    ['/etc/default/portsentry', ['TCP_MODE="tcp"', "UDP_MODE='sudp'"], '-tcp', '-sudp'],
    ['/etc/default/portsentry', ['# TCP_MODE="tcp"', 'TCP_MODE=stcp # as before'], '-stcp', '-audp'],
    [
      '/etc/default/portsentry',
      ['TCP_MODE=""', 'UDP_MODE=""', 'OPTIONS="-v -stcp --mode sudp"'],
      '-stcp',
      '-sudp',
    ],
    ['/etc/default/portsentry', ['TCP_MODE=', 'UDP_MODE=', 'OPTIONS="--connect"'], '-tcp', '-udp'],
    ['/etc/conf.d/portsentry', ['PORTSENTRY_MODES="tcp udp"'], '-tcp', '-udp'],
    [
      '/etc/conf.d/portsentry',
      ['PORTSENTRY_MODES="tcp"', 'export PORTSENTRY_MODES="stcp udp"'],
      '-stcp',
      '-udp',
    ],
  ])('is read from %s: %j', async (path, lines, tcp, udp) => {
    serviceFile(path, ...lines);
    const { code, stdout } = await check(usual());
    expect(code).toBe(0);
    for (const mode of [tcp, udp])
      expect(stdout).toMatch(new RegExp(`^    ${mode} watches .*\\(started: ${folder}${path}\\)$`, 'm'));
  });

  test('the line of a key that it does not use says so', async () => {
    serviceFile('/etc/default/portsentry', 'TCP_MODE="atcp"', 'UDP_MODE=""');
    const { stdout } = await check(usual());
    expect(stdout).toContain(
      `TCP_PORTS: 3 ports that -tcp and -stcp watch; not used: ${folder}/etc/default/portsentry starts -atcp\n`,
    );
    expect(stdout).toContain(
      `UDP_PORTS: 3 ports that -udp and -sudp watch; not used: ${folder}/etc/default/portsentry starts no such mode\n`,
    );
  });

  test('modes are left to the configuration when it names none', async () => {
    serviceFile('/etc/default/portsentry', 'TCP_MODE=', 'UDP_MODE=');
    const { stdout } = await check(configFile('MODES="stcp"', 'UDP_PORTS="x"'));
    expect(stdout).toMatch(/^ {4}-stcp watches .*\(started: MODES\)$/m);
  });

  test.each([
    ['TCP_MODE="sstcp"', '"sudp" or "audp" (did you mean stcp?), found "sstcp"; the service would not start'],
    ['OPTIONS="-stcp"', 'expected at most one TCP mode, found "stcp"; the service would not start'],
    [
      'CONFIG="/etc/other.conf"',
      'CONFIG: the service reads /etc/other.conf, which is not the file checked here',
    ],
  ])('%s is a warning', async (line, message) => {
    serviceFile('/etc/default/portsentry', line);
    const { code, stdout } = await check(usual());
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${folder}/etc/default/portsentry(:1:1)?: warning: `, 'm'));
    expect(stdout).toContain(`${message}\n`);
  });

  test('the file of OpenRC counts where both are and OpenRC is there', async () => {
    serviceFile('/etc/default/portsentry', 'TCP_MODE="tcp"');
    serviceFile('/etc/conf.d/portsentry', 'PORTSENTRY_MODES="stcp"');
    expect((await check(usual())).stdout).toMatch(/^ {4}-tcp .*\(started/m);
    serviceFile('/sbin/openrc-run');
    expect((await check(usual())).stdout).toMatch(/^ {4}-stcp .*\(started/m);
  });

  test('a file that cannot be read is a warning', async () => {
    mkdirSync(join(folder, '/etc/default/portsentry'), { recursive: true });
    expect((await check(usual())).stdout).toContain(
      `${folder}/etc/default/portsentry: warning: cannot be read (a folder, not a file), so the modes that the service starts are not known\n`,
    );
  });

  test('a value made of other variables is not guessed', async () => {
    serviceFile('/etc/default/portsentry', 'OPTIONS="$MORE -stcp"');
    expect((await check(usual())).stdout).toMatch(/^ {4}-atcp .*\(started/m);
  });
});

describe('modes of the command line', () => {
  test('count before those of the service', async () => {
    serviceFile('/etc/default/portsentry', 'TCP_MODE="tcp"');
    const { stdout } = await check(configFile(), 'stcp');
    expect(stdout).toMatch(/^ {4}-stcp watches .*\(started: the command line\)$/m);
    expect(stdout).toContain('    The command line names no UDP mode: none of them is started.\n');
  });

  test('decide which values must be right', async () => {
    const file = configFile('TCP_PORTS="http"');
    expect((await check(file, 'stcp')).code).toBe(78);
    expect((await check(file, 'atcp', 'sudp')).code).toBe(0);
  });

  test('that exclude each other are a usage error', async () => {
    await expect(check(configFile(), 'stcp,atcp')).rejects.toMatchObject({ exit: 64 });
  });
});

test('findings that ask for nothing stand at the end, under one heading', async () => {
  const { stdout } = await check(configFile('SCAN_TRIGGER="2"', 'FOO="1"'));
  const [, rest] = stdout.split('\nFor information; nothing to do\n');
  expect(stdout.indexOf('warning: unknown key FOO')).toBeLessThan(stdout.indexOf('What each line does'));
  expect(rest?.trimEnd().split('\n')).toEqual([
    expect.stringContaining('note: SCAN_TRIGGER="2": connect number 3 triggers'),
    expect.stringContaining('note: IGNORE_FILE: spares 1 address and 0 networks'),
  ]);
});

test.each([
  'BLOCK_TCP="2"\nBLOCK_UDP="2"\nKILL_RUN_CMD="/bin/page"\n',
  'BLOCK_TCP="1"\nBLOCK_METHOD="none"\nKILL_RUN_CMD="/bin/page"\n',
])('a KILL_RUN_CMD that blocks nobody is no block that lasts: %j', (configuration) => {
  const text = responseOf(configuration);
  expect(text).not.toContain('A block lasts');
  expect(text).toContain(
    'KILL_RUN_CMD blocks nobody as far as is known here, so there is nothing to take back.\n',
  );
});
