import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CONFIG_FILE, configure, IGNORE_FILE, PROGRAM, writeFile } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { Outcome } from '../support/lab-process.ts';

/** All that can be wrong with what a person hands in: one line says so, the exit code fits, and nothing is left. */

const SYN_CAPTURE = resolve('fixtures/captures/nmap-sS.pcap');
const NODE = process.execPath;

let lab: Lab;
beforeAll(async () => {
  lab = await createLab({ name: 'bad-input' });
});
beforeEach(async () => {
  await lab.run(lab.victim, ['rm', '-rf', '/etc/portsentry']);
});
afterAll(() => lab.close());

/** Runs the program on the victim to its end. A start that succeeds by mistake is cut off, and fails the test. */
function portsentry(...args: readonly string[]): Promise<Outcome> {
  return lab.run(lab.victim, [NODE, PROGRAM, ...args]);
}

/** Whether the program has left nothing running on the victim: pgrep then exits with 1. */
async function isNothingLeft(): Promise<boolean> {
  return (await lab.run(lab.victim, ['pgrep', 'portsentry|node'])).code === 1;
}

async function expectEnd(outcome: Outcome, code: number, message: RegExp): Promise<void> {
  expect(outcome.stderr).toMatch(message);
  expect(outcome.code).toBe(code);
  expect(outcome.stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(outcome.stderr).not.toMatch(/^ {4}at /m);
  expect(await isNothingLeft()).toBe(true);
}

describe('a command line that makes no sense', () => {
  test.each([
    { args: ['-stcp', '-atcp'], message: /^portsentry: --mode stcp,atcp: expected .* found / },
    { args: ['--frobnicate'], message: /^portsentry: unknown option --frobnicate; see portsentry --help$/m },
    { args: ['--mode', 'xtcp'], message: /^portsentry: --mode xtcp: expected .* found "xtcp"/ },
    { args: ['replay'], message: /^portsentry: Not enough .*; see portsentry --help$/m },
  ])('$args', async ({ args, message }) => {
    configure(lab.victim);
    await expectEnd(await portsentry(...args), 64, message);
  });
});

describe('a configuration that cannot be read', () => {
  test('is not there', async () => {
    const outcome = await portsentry('-c', '/nonexistent');
    await expectEnd(outcome, 66, /^portsentry: \/nonexistent: no such file; name one with -c FILE$/m);
  });

  test('is a folder', async () => {
    await expectEnd(await portsentry('-c', '/etc'), 66, /^portsentry: \/etc: a folder, not a file$/m);
  });

  test('is not for this user', async () => {
    configure(lab.victim);
    await lab.run(lab.victim, ['chmod', '000', CONFIG_FILE]);
    await expectEnd(
      await asNobody(),
      66,
      /portsentry\.conf: no permission to read it; its owner may, or root with CAP_DAC_OVERRIDE$/m,
    );
  });
});

describe('a configuration that is wrong', () => {
  test.each([
    {
      name: 'a port',
      more: 'TCP_PORTS="1,70000"\nMODES="stcp"',
      message: /:1:14: error: TCP_PORTS: expected .*found "70000"/,
    },
    { name: 'no closing quote', more: 'TCP_PORTS="1,2', message: /:1:11: error: .*closing quote/ },
    {
      name: 'KILL_ROUTE without $TARGET$',
      more: 'KILL_ROUTE="/bin/true"',
      message: /:1:13: error: KILL_ROUTE: expected \$TARGET\$ in it, found none/,
    },
    {
      name: 'HISTORY_FILE in a folder that does not exist',
      more: 'HISTORY_FILE="/nowhere/history"',
      message: /:1:15: error: HISTORY_FILE: expected the folder \/nowhere to exist/,
    },
  ])('$name', async ({ more, message }) => {
    configure(lab.victim, more);
    const outcome = await portsentry();
    await expectEnd(outcome, 78, message);
    expect(outcome.stderr).toContain(`portsentry: ${CONFIG_FILE}:1:`);
  });

  test('BLOCK_TCP="1" with nothing to run', async () => {
    writeFile(lab.victim, CONFIG_FILE, `BLOCK_TCP="1"\nBLOCK_METHOD="none"\nIGNORE_FILE="${IGNORE_FILE}"\n`);
    await expectEnd(
      await portsentry(),
      78,
      /portsentry\.conf:1:1: error: BLOCK_TCP="1": .* found nothing to run$/m,
    );
  });

  test('an address in the ignore file', async () => {
    configure(lab.victim);
    writeFile(lab.victim, IGNORE_FILE, '# ours\n10.0.0.0/8\n10.0.0.256\n');
    const outcome = await portsentry();
    await expectEnd(
      outcome,
      78,
      /^portsentry: .*portsentry\.ignore:3:1: error: expected .*found "10\.0\.0\.256"$/m,
    );
  });

  test('every error is reported, in a line each', async () => {
    configure(lab.victim, 'TCP_PORTS="x"\nUDP_PORTS="y"\nMODES="stcp,sudp"');
    const { code, stderr } = await portsentry();
    expect(code).toBe(78);
    const places = stderr.trimEnd().split('\n');
    expect(places.map((line) => /^portsentry: \S+:(\d+:\d+): /.exec(line)?.[1])).toEqual(['1:12', '2:12']);
  });

  test('an unknown key is only a warning, with the nearest known one', async () => {
    configure(lab.victim, 'TCP_PROTS="1"');
    const detector = await lab.start(lab.victim, [NODE, PROGRAM]);
    await detector.waitForLine(/PortSentry is now active/);
    expect(detector.lines()).toContainEqual(
      expect.stringMatching(
        /^adminalert: .*:1:1: warning: unknown key TCP_PROTS is not read; did you mean TCP_PORTS\?$/,
      ),
    );
    expect((await detector.stop()).code).toBe(0);
  });
});

describe('what the host does not grant', () => {
  test('capturing, to root that has no capabilities', async () => {
    configure(lab.victim);
    await lab.run(lab.victim, ['chmod', '644', CONFIG_FILE]);
    await expectEnd(
      await asNobody(),
      77,
      /^portsentry: capturing packets is not permitted: CAP_NET_RAW is missing: root was started without it, /m,
    );
  });

  // "Root without CAP_NET_RAW is told: run it as root."
  test.each([
    {
      lacks: 'net_raw',
      args: ['-stcp'],
      message: 'capturing packets is not permitted: CAP_NET_RAW is missing',
    },
    {
      lacks: 'net_admin',
      args: ['-stcp'],
      message: 'sources cannot be blocked: this host has no way to block: CAP_NET_ADMIN is missing',
      code: 69,
    },
    {
      lacks: 'net_bind_service',
      args: ['-tcp'],
      message: 'could not bind ANY TCP sockets: CAP_NET_BIND_SERVICE is missing',
    },
    { lacks: 'setuid', args: ['-stcp'], message: 'root cannot be given up: CAP_SETUID is missing' },
  ])(
    '$lacks to root, which is told the name of what is missing',
    async ({ lacks, args, message, code = 77 }) => {
      configure(lab.victim, 'KILL_ROUTE=""\nKILL_ROUTE6=""\nTCP_PORTS="111"\n');
      const drop = ['setpriv', `--bounding-set=-${lacks}`, `--inh-caps=-${lacks}`];
      const command = [...drop, NODE, PROGRAM, ...args, '-l', 'stdout'];
      const outcome = await lab.run(lab.victim, command, { timeout: 10_000 });
      const advice = 'root was started without it, as in a container or under systemd';
      await expectEnd(outcome, code, new RegExp(`^portsentry: ${message}: ${advice}`, 'm'));
    },
  );

  test('an interface', async () => {
    configure(lab.victim);
    const outcome = await portsentry('-i', 'eth7');
    await expectEnd(
      outcome,
      69,
      /^portsentry: no such interface: eth7; there are: .*\beth0\b.*, ALL, ALL_NLO$/m,
    );
  });
});

describe('a capture that cannot be read', () => {
  test('is not there', async () => {
    await expectEnd(
      await portsentry('replay', '--no-summary', '/nonexistent.pcap'),
      66,
      /^portsentry: \/nonexistent\.pcap: /,
    );
  });

  test('is something else', async () => {
    writeFile(lab.victim, '/etc/portsentry/text', 'not a capture at all, but long enough to be one\n');
    const outcome = await portsentry('replay', '--no-summary', '/etc/portsentry/text');
    await expectEnd(outcome, 65, /^portsentry: \/etc\/portsentry\/text: /);
  });

  test('breaks off: the packets before the break are reported, and where it is', async () => {
    const whole = readFileSync(SYN_CAPTURE);
    const cut = whole.subarray(0, whole.length - 7);
    await lab.run(lab.victim, ['sh', '-c', 'mkdir -p /etc/portsentry && cat > /etc/portsentry/cut.pcap'], {
      input: cut,
    });
    const all = await portsentry('replay', '--no-summary', '--no-infer-open', SYN_CAPTURE);
    const some = await portsentry('replay', '--no-summary', '--no-infer-open', '/etc/portsentry/cut.pcap');
    expect(all.code).toBe(0);
    await expectEnd(some, 65, /^portsentry: \/etc\/portsentry\/cut\.pcap: .*\b\d+\b/);
    const offset = Number(/: at byte (\d+): record is cut off/.exec(some.stderr)?.[1]);
    expect(offset).toBeGreaterThan(cut.length - 100);
    expect(offset).toBeLessThanOrEqual(cut.length);
    expect(some.stdout).not.toBe('');
    expect(all.stdout.startsWith(some.stdout)).toBe(true);
  });
});

/** Runs the program with no more rights than nobody has. Only the user id stays, so that any checkout can be read. */
function asNobody(): Promise<Outcome> {
  const user = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
  return lab.run(lab.victim, [...user, NODE, PROGRAM]);
}
