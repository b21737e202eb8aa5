import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answersDuring, countAnswers } from '../support/answers.ts';
import {
  alertsOf,
  captureOf,
  childrenOf,
  configure,
  PROGRAM,
  runningDetectors,
  statusOf,
  writeFile,
} from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { Host } from '../support/lab-host.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { comeFrom } from '../support/matrix.ts';
import { withNft } from '../support/nft-wrappers.ts';

/** The kernel sensor through the life of its processes: whatever ends or fails, nobody stays shut out, and it is said. */

/** Holds for long, and blocks nobody, so that only holds are seen. */
const HOLDING = 'SENSOR="kernel"\nBLOCK_METHOD="null"\nHOLD_TIME="60s"';

const ACTIVE = /^adminalert: PortSentry is now active and listening\.$/;
const OWNED = /^adminalert: The kernel sensor watches packets where the kernel accepts them; nobody else can/;
const UNOWNED = /^adminalert: The kernel sensor watches .*; its table is checked each second\.$/;
const BACK = /^adminalert: The table of the sensor was gone; it stands again\.$/;
const PACKET = /^adminalert: The packet sensor watches captured frames, because the kernel sensor /;

const SERVICE_PORT = 8_080;
const IDLE_PORT = 3_000;

let lab: Lab;
let sources = 0;

beforeEach(async () => {
  lab = await createLab({ name: 'kernel-life' });
  await countAnswers(lab, [SERVICE_PORT]);
});
afterEach(() => lab.close());

/** Starts the detector, and waits until it listens. */
async function start(
  env: Record<string, string> = {},
  args: readonly string[] = [],
  host = lab.victim,
): Promise<LabProcess> {
  const command = [process.execPath, PROGRAM, '-atcp', '-audp', ...args];
  const detector = await lab.start(host, command, { env });
  await detector.waitForLine(ACTIVE);
  return detector;
}

/** A service that others use. */
async function startService(): Promise<void> {
  await lab.start(lab.victim, ['sh', '-c', `nc -lk ${SERVICE_PORT} > /dev/null`]);
  await lab.waitFor(async () => {
    const { stdout } = await lab.run(lab.victim, ['ss', '-Hltn']);
    return stdout.includes(`:${SERVICE_PORT} `);
  });
}

/** The scanner gets an address that has sent nothing yet. */
async function newSource(): Promise<string> {
  const address = `10.99.0.${20 + ++sources}`;
  await comeFrom(lab, address, `fd99::${1_000 + sources}`);
  return address;
}

/** Sends one SYN, and resolves to how many answers came. */
function probe(port = IDLE_PORT): Promise<number> {
  const command = ['nmap', '-n', '-Pn', '-sS', '--max-retries', '0', '-p', String(port), lab.wire.to.ipv4];
  return answersDuring(lab, () => lab.run(lab.scanner, command));
}

/** Whether the service takes a connection of the scanner. One second is a SYN and its retransmission. */
async function isServed(): Promise<boolean> {
  const command = ['nc', '-z', '-w', '1', lab.wire.to.ipv4, String(SERVICE_PORT)];
  return (await lab.run(lab.scanner, command)).code === 0;
}

async function tables(host: Host = lab.victim): Promise<string> {
  return (await lab.run(host, ['nft', 'list', 'tables'])).stdout;
}

const hasTable = async () => (await tables()).includes('portsentry_sensor');

/** The children of the detector that keep its tables. */
function nftOf(detector: LabProcess): number[] {
  return childrenOf(detector.pid).filter((pid) => statusOf(pid, 'Name') === 'nft');
}

/** A source that was held a moment ago. */
async function becomeHeld(detector: LabProcess): Promise<string> {
  const source = await newSource();
  expect(await isServed(), 'an honest client is served').toBe(true);
  expect(await probe(), 'an idle port is silent').toBe(0);
  await detector.waitForLine(new RegExp(`from host: ${source.replaceAll('.', '\\.')}/`));
  expect(await isServed(), 'a source that probed is held').toBe(false);
  return source;
}

describe('an owned table', () => {
  test('goes with a daemon that is killed: a held source is free at once, and a restart takes over', async () => {
    configure(lab.victim, HOLDING);
    await startService();
    const detector = await start();
    await detector.waitForLine(OWNED);
    await becomeHeld(detector);
    detector.signal('SIGKILL');
    await detector.ended;
    await lab.waitFor(async () => !(await hasTable()));
    expect(await isServed()).toBe(true);
    expect(await probe()).toBe(1);
    await becomeHeld(await start());
  });

  test('is removed at SIGTERM', async () => {
    configure(lab.victim, HOLDING);
    await startService();
    const detector = await start();
    await becomeHeld(detector);
    expect((await detector.stop()).code).toBe(0);
    expect(await tables()).toBe('');
    expect(await isServed()).toBe(true);
  });

  test('stays when others flush all tables, as a reload of nftables.service does', async () => {
    configure(lab.victim, HOLDING);
    await startService();
    const detector = await start();
    await becomeHeld(detector);
    writeFile(lab.victim, '/etc/nftables.conf', 'flush ruleset\ntable inet filter { }\n');
    for (const command of [
      ['nft', 'flush', 'ruleset'],
      ['nft', '-f', '/etc/nftables.conf'],
    ]) {
      expect((await lab.run(lab.victim, command)).code).toBe(0);
      expect(await hasTable()).toBe(true);
      expect(await isServed(), 'the source is still held').toBe(false);
    }
    const deletion = await lab.run(lab.victim, ['nft', 'delete', 'table', 'inet', 'portsentry_sensor']);
    expect(deletion.stderr).toContain('Operation not permitted');
    expect(detector.output).not.toMatch(/was gone/);
  });

  test('is back when the process that owns it is killed', async () => {
    configure(lab.victim, HOLDING);
    await startService();
    const detector = await start();
    for (const pid of nftOf(detector)) process.kill(pid, 'SIGKILL');
    await detector.waitForLine(BACK);
    await becomeHeld(detector);
  });
});

describe('a table without an owner, where nft knows none', () => {
  test('is back when others flush all tables, with all that its sets had', async () => {
    configure(lab.victim, HOLDING);
    await startService();
    const detector = await start(withNft(lab.victim, 'knows no owners'));
    await detector.waitForLine(UNOWNED);
    expect((await lab.run(lab.victim, ['nft', 'flush', 'ruleset'])).code).toBe(0);
    await detector.waitForLine(BACK);
    const used = await lab.run(lab.victim, [
      ...['nft', 'list', 'set', 'inet', 'portsentry_sensor', 'used_tcp'],
    ]);
    expect(used.stdout).toMatch(new RegExp(`\\b${SERVICE_PORT}\\b`));
    await becomeHeld(detector);
  });

  test('lets everybody pass when its daemon was killed, and a restart takes over', async () => {
    configure(lab.victim, HOLDING);
    await startService();
    const env = withNft(lab.victim, 'knows no owners');
    const killed = await start(env);
    await becomeHeld(killed);
    killed.signal('SIGKILL');
    await killed.ended;
    expect(await hasTable()).toBe(true);
    // 30 s after the last sign of life of the judge, before its holds end.
    await lab.waitFor(() => isServed());
    const { stdout } = await lab.run(lab.victim, [
      ...['nft', 'list', 'set', 'inet', 'portsentry_sensor', 'held4'],
    ]);
    expect(stdout, 'the hold stands, and has no effect').toContain(`10.99.0.${20 + sources}`);
    const detector = await start(env);
    await becomeHeld(detector);
  });

  test('is taken over when its daemon was killed just now', async () => {
    configure(lab.victim, HOLDING);
    await startService();
    const env = withNft(lab.victim, 'knows no owners');
    const killed = await start(env);
    killed.signal('SIGKILL');
    await killed.ended;
    await becomeHeld(await start(env));
  });
});

describe('where the kernel sensor cannot be had', () => {
  const LOG_ONLY = 'BLOCK_TCP="0"\nBLOCK_UDP="0"';

  /** Takes nft away from the host: an overlay over the folder that has it. */
  async function removeNft(): Promise<void> {
    const script = `
      mkdir -p /run/.lab/sbin /run/.lab/sbin.work
      mount -t overlay -o lowerdir=/usr/sbin,upperdir=/run/.lab/sbin,workdir=/run/.lab/sbin.work overlay /usr/sbin
      rm /usr/sbin/nft`;
    expect((await lab.run(lab.victim, ['sh', '-ec', script])).stderr).toBe('');
  }

  const WITHOUT_CAPABILITY = ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin'];
  const nothing = async () => ({});

  test.each([
    [
      'nft ends by a signal',
      async () => withNft(lab.victim, 'dies of a signal'),
      [],
      /nft: killed by SIGSEGV/,
    ],
    [
      'nft is missing',
      async () => {
        await removeNft();
        return {};
      },
      [],
      /nft: not found; install nftables/,
    ],
    ['a capability is missing', nothing, WITHOUT_CAPABILITY, /CAP_NET_ADMIN is missing/],
  ] as const)(
    '%s: the packet sensor watches and says why; SENSOR="kernel" ends with 69',
    async (_what, prepare, prefix, reason) => {
      const env = await prepare();
      const command = [...prefix, process.execPath, PROGRAM, '-atcp', '-audp'];
      configure(lab.victim, LOG_ONLY);
      const detector = await lab.start(lab.victim, command, { env });
      await detector.waitForLine(ACTIVE);
      const line = await detector.waitForLine(PACKET);
      expect(line).toMatch(reason);
      expect(line).toContain('docs/detection.md');
      const source = await newSource();
      await probe();
      await detector.waitForLine(new RegExp(`from host: ${source}/`));
      await detector.stop();
      configure(lab.victim, `SENSOR="kernel"\n${LOG_ONLY}`);
      const { code, stderr } = await lab.run(lab.victim, command, { env });
      expect(stderr).toMatch(reason);
      expect(code).toBe(69);
    },
  );
});

test('a daemon with USER has the packet sensor, and says why', async () => {
  configure(lab.victim, 'USER="daemon"\nBLOCK_METHOD="nftables"');
  const detector = await start();
  expect(await detector.waitForLine(PACKET)).toMatch(/only root may have a process that reads its reports/);
});

test('when nft breaks while the daemon runs, captured frames take the place of the kernel sensor, and it is said', async () => {
  configure(lab.victim, HOLDING.replace('kernel', 'auto'));
  const env = withNft(lab.victim, 'knows no owners');
  const detector = await start(env);
  withNft(lab.victim, 'dies of a signal');
  for (const pid of nftOf(detector)) process.kill(pid, 'SIGKILL');
  expect(await detector.waitForLine(PACKET)).toMatch(/nft: killed by SIGSEGV/);
  await lab.waitFor(() => captureOf(detector));
  const source = await newSource();
  // Capture begins some time after its process.
  await lab.waitFor(async () => {
    await probe();
    return detector.output.includes(`from host: ${source}/`);
  });
});

test('an NFLOG group that another program reads is left to it, and said', async () => {
  configure(lab.victim, HOLDING);
  const reader = await lab.start(lab.victim, ['tcpdump', '-Z', 'root', '-nli', 'nflog:20563']);
  await reader.waitForLine(/listening on/);
  const detector = await start();
  await detector.waitForLine(/NFLOG group 20563 is in use: the kernel sensor reports to group 20564\./);
  const source = await newSource();
  expect(await probe()).toBe(0);
  await detector.waitForLine(new RegExp(`from host: ${source}/`));
});

describe('a second daemon', () => {
  /** The configuration of a second one on the victim, which shares nothing with the first but the network. */
  const OTHER = '/etc/portsentry/other.conf';
  function configureOther(): void {
    const more = 'CONTROL_SOCKET="/run/other.sock"\nSTATE_DIR="/var/lib/other"\nHISTORY_FILE=""';
    writeFile(lab.victim, OTHER, `${HOLDING.replace('kernel', 'auto')}\n${more}\nBLOCK_TCP="1"\n`);
  }

  test.each([
    ['with an owner', () => ({})],
    ['without one', () => withNft(lab.victim, 'knows no owners')],
  ] as const)(
    'for the same network ends with 69 and names the first, whose table is %s',
    async (_what, makeEnv) => {
      const env: Record<string, string> = makeEnv();
      configure(lab.victim, HOLDING);
      configureOther();
      await startService();
      const first = await start(env);
      const [running = ''] = await runningDetectors(lab);
      const second = await lab.run(lab.victim, [process.execPath, PROGRAM, '-atcp', '-audp', '-c', OTHER], {
        env,
      });
      expect(second.stderr).toMatch(
        new RegExp(
          `another portsentry \\(pid ${Number.parseInt(running, 10)}\\) watches this network namespace`,
        ),
      );
      expect(second.code).toBe(69);
      await becomeHeld(first);
      expect(first.output).not.toMatch(/was gone/);
    },
  );

  test('for another network is none of its business', async () => {
    for (const host of [lab.victim, lab.scanner]) configure(host, HOLDING);
    await startService();
    const first = await start();
    await start({}, [], lab.scanner);
    await becomeHeld(first);
    expect(await tables(lab.scanner)).toContain('portsentry_sensor');
    await first.stop();
    expect(await tables(lab.scanner)).toContain('portsentry_sensor');
  });
});

test('a process that reads reports and is killed is replaced, and the next probe is reported', async () => {
  configure(lab.victim, HOLDING);
  const detector = await start();
  const reader = captureOf(detector) as number;
  process.kill(reader, 'SIGKILL');
  await detector.waitForLine(
    /The process that reads the kernel's reports ended: ended by SIGKILL; it starts/,
  );
  await lab.waitFor(async () => {
    const { stdout } = await lab.run(lab.victim, ['cat', '/proc/net/netfilter/nfnetlink_log']);
    const next = captureOf(detector);
    return next !== undefined && next !== reader && /^ *20563 /m.test(stdout);
  });
  const source = await newSource();
  expect(await probe()).toBe(0);
  await detector.waitForLine(new RegExp(`from host: ${source}/`));
});

test('scans of a blocked source go on to be counted, and the table of the blocks reports no more after the end', async () => {
  configure(lab.victim, 'SENSOR="kernel"\nBLOCK_METHOD="nftables"');
  const detector = await start();
  const source = await newSource();
  await probe();
  const blocked = async () => {
    const { stdout } = await lab.run(lab.victim, ['nft', 'list', 'table', 'inet', 'portsentry']);
    return stdout.includes(source) ? stdout : null;
  };
  expect(await lab.waitFor(blocked)).toContain('log prefix "blocked" group 20563');
  const command = ['nmap', '-n', '-Pn', '-sS', '--max-retries', '0', '-p', '4000-4049', lab.wire.to.ipv4];
  expect(await answersDuring(lab, () => lab.run(lab.scanner, command))).toBe(0);
  await detector.waitForLine(new RegExp(`Host: .*${source} is already blocked`));
  const why = async () => {
    const { stdout } = await lab.run(lab.victim, [process.execPath, PROGRAM, 'why', source, '--json']);
    return JSON.parse(stdout).source?.ports;
  };
  await lab.waitFor(async () => (await why()) === 51);
  expect(alertsOf(detector).length).toBeGreaterThan(1);
  await detector.stop();
  expect(await blocked()).not.toContain('log prefix');
});
