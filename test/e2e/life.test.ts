import { readdirSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  CONFIG_FILE,
  captureOf,
  childrenOf,
  configure,
  dropsOf,
  endBy,
  IGNORE_FILE,
  nmap,
  PROGRAM,
  PROMPT_STARTS,
  readFile,
  startDetector,
  statusOf,
  writeFile,
} from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { Host } from '../support/lab-host.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { startManager, startSyslog } from '../support/services.ts';

/** How the detector lives with the host: its pid file, the service manager, the journal, and a user other than root. */

const PID_FILE = '/run/portsentry/portsentry.pid';
const ACTIVE = /^adminalert: PortSentry is now active and listening\.$/;

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'life' });
});
afterEach(() => lab.close());

function start(args: readonly string[], env: Record<string, string> = {}): Promise<LabProcess> {
  return lab.start(lab.victim, [process.execPath, PROGRAM, ...args], { env });
}

/** The number that a process has inside the host. */
function insideOf(pid: number): string {
  return statusOf(pid, 'NSpid')?.split('\t').at(-1) ?? '';
}

describe('--pidfile', () => {
  test('has the number when the detector is ready, and is gone at the end', async () => {
    configure(lab.victim);
    const detector = await start(['-atcp', '--pidfile', PID_FILE]);
    await lab.waitFor(() => readFile(lab.victim, PID_FILE) !== '');
    expect(detector.lines().some((line) => ACTIVE.test(line))).toBe(true);
    expect(readFile(lab.victim, PID_FILE)).toBe(`${insideOf(detector.pid)}\n`);
    expect(statSync(lab.victim.path(PID_FILE)).mode & 0o777).toBe(0o644);
    expect((await detector.stop()).code).toBe(0);
    expect(readFile(lab.victim, PID_FILE)).toBe('');
    expect(readdirSync(lab.victim.path('/run/portsentry'))).toEqual([]);
  });

  test('a second one is refused, one after a crash is not', async () => {
    configure(lab.victim);
    const first = await start(['-atcp', '--pidfile', PID_FILE]);
    await lab.waitFor(() => readFile(lab.victim, PID_FILE) !== '');
    const second = await lab.run(lab.victim, [process.execPath, PROGRAM, '-atcp', '--pidfile', PID_FILE]);
    expect(second.code).toBe(69);
    expect(second.stderr).toMatch(
      /^portsentry: .*portsentry\.pid: another portsentry \(pid \d+\) is running: /,
    );
    first.signal('SIGKILL');
    await first.ended;
    const third = await start(['-atcp', '--pidfile', PID_FILE]);
    await lab.waitFor(() => readFile(lab.victim, PID_FILE) === `${insideOf(third.pid)}\n`);
  });

  test('-D: the file is there when the starter ends', async () => {
    configure(lab.victim);
    const command = [process.execPath, PROGRAM, '-atcp', '-D', '--pidfile', PID_FILE];
    expect(await lab.run(lab.victim, command)).toMatchObject({ code: 0, stderr: '' });
    const pid = readFile(lab.victim, PID_FILE).trim();
    expect((await lab.run(lab.victim, ['cat', `/proc/${pid}/comm`])).stdout).toBe('portsentry\n');
    await lab.run(lab.victim, ['kill', pid]);
    await lab.waitFor(() => readFile(lab.victim, PID_FILE) === '');
  });
});

describe('the service manager', () => {
  test.each(['/run/notify', '@portsentry-test'])('gets its messages at %s', async (path) => {
    configure(lab.victim);
    const manager = await startManager(lab, lab.victim, path);
    const detector = await start(['-atcp'], { NOTIFY_SOCKET: path });
    const ready = await manager.waitForLine(/ READY=1\|/);
    const pid = insideOf(detector.pid);
    // As root the sender speaks in the daemon's name, so that NotifyAccess=main is enough.
    expect(ready).toBe(`${pid} READY=1|STATUS=atcp: 0 probes, 0 blocks|MAINPID=${pid}`);
    expect(detector.lines().some((line) => ACTIVE.test(line))).toBe(true);
    detector.signal('SIGHUP');
    await manager.waitForLine(/ RELOADING=1\|MONOTONIC_USEC=\d+$/);
    await lab.waitFor(() => manager.lines().filter((line) => line.includes(' READY=1|')).length === 2);
    const { code, starts } = await endBy(lab, detector);
    expect(code).toBe(0);
    expect(starts).toBeLessThan(PROMPT_STARTS);
    await manager.waitForLine(/ STOPPING=1$/);
  });

  test.each(['/run/notify', '@portsentry-test'])(
    'gets them at %s from the process itself, which needs no privilege for it, when with-notify has started it',
    async (path) => {
      configure(lab.victim);
      const manager = await startManager(lab, lab.victim, path);
      // As in the unit. Without CAP_SYS_ADMIN no process speaks in the name of another.
      const bare = ['setpriv', '--bounding-set', '-sys_admin', '--inh-caps', '-sys_admin'];
      const command = [...bare, resolve('packaging/systemd/with-notify'), process.execPath, PROGRAM, '-atcp'];
      const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: '2000000' };
      const detector = await lab.start(lab.victim, command, { env });
      const pid = insideOf(detector.pid);
      expect(await manager.waitForLine(/ READY=1\|/)).toContain(`${pid} READY=1|STATUS=`);
      expect(await manager.waitForLine(/ WATCHDOG=1$/)).toBe(`${pid} WATCHDOG=1`);
      expect((await detector.stop()).code).toBe(0);
      expect(await manager.waitForLine(/ STOPPING=1$/)).toBe(`${pid} STOPPING=1`);
    },
  );

  interface Fed {
    readonly detector: LabProcess;
    /** How often the watchdog has been fed. */
    readonly times: () => number;
  }

  async function startFed(host: Host): Promise<Fed> {
    configure(host);
    const manager = await startManager(lab, host, '/run/notify');
    const env = { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '2000000' };
    const detector = await lab.start(host, [process.execPath, PROGRAM, '-atcp'], { env });
    return { detector, times: () => manager.lines().filter((line) => line.includes('WATCHDOG=1')).length };
  }

  test('the watchdog is fed, but not while the detector is stopped', async () => {
    const [one, twin] = (await Promise.all([lab.victim, lab.scanner].map(startFed))) as [Fed, Fed];
    await lab.waitFor(() => one.times() >= 3);
    one.detector.signal('SIGSTOP');
    const [before, twinBefore] = [one.times(), twin.times()];
    await lab.waitFor(() => twin.times() >= twinBefore + 3);
    expect(one.times() - before).toBeLessThanOrEqual(1);
    // nsenter, its parent, has stopped with it, and wakes it up.
    process.kill(Number(statusOf(one.detector.pid, 'PPid')), 'SIGCONT');
    await lab.waitFor(() => one.times() >= before + 2);
  });

  test('the watchdog of another process is not fed, and commands do not get the socket', async () => {
    configure(lab.victim, 'KILL_RUN_CMD="env > /run/environment"');
    const manager = await startManager(lab, lab.victim, '/run/notify');
    const env = { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '2000000', WATCHDOG_PID: '1' };
    const detector = await start(['-atcp'], env);
    await manager.waitForLine(/ READY=1\|/);
    await nmap(lab, ['-sS', '-p', '3000', lab.wire.to.ipv4]);
    await detector.waitForLine(/External command run/);
    expect(readFile(lab.victim, '/run/environment')).toContain('PATH=');
    expect(readFile(lab.victim, '/run/environment')).not.toMatch(/NOTIFY_SOCKET|WATCHDOG/);
    await detector.stop();
    await manager.waitForLine(/ STOPPING=1$/);
    expect(manager.lines().filter((line) => line.includes('WATCHDOG'))).toEqual([]);
  });
});

describe('with only the capabilities that the systemd unit leaves', () => {
  const unit = readFileSync('packaging/systemd/portsentry.service', 'utf8');
  const left = /^CapabilityBoundingSet=(.*)$/m
    .exec(unit)?.[1]
    ?.toLowerCase()
    .replaceAll('cap_', '+') as string;
  const bounds = ['-all', ...left.split(' ')].join();
  const bounded = ['setpriv', `--bounding-set=${bounds}`, '--inh-caps=-all', '--no-new-privs'];

  async function startBounded(): Promise<LabProcess> {
    configure(lab.victim);
    const command = [process.execPath, PROGRAM, '-atcp', '-l', 'stdout', '-l', 'syslog'];
    const detector = await lab.start(lab.victim, [...bounded, ...command]);
    await detector.waitForLine(ACTIVE);
    return detector;
  }

  test('its lines reach syslog, with its number', async () => {
    const syslog = await startSyslog(lab, lab.victim);
    const detector = await startBounded();
    const line = await syslog.waitForLine(/adminalert: PortSentry is now active and listening/);
    expect(line).toContain(` portsentry[${insideOf(detector.pid)}]: adminalert: `);
    expect(detector.lines().filter((told) => told.includes('syslog'))).toEqual([]);
  });

  test('a capture process that hangs is killed, though it belongs to another user', async () => {
    const detector = await startBounded();
    const child = captureOf(detector) as number;
    process.kill(child, 'SIGSTOP');
    expect((await detector.stop()).code).toBe(0);
    expect(statusOf(child, 'Name')).toBeUndefined();
  });

  test('USER is refused, with advice', async () => {
    configure(lab.victim, 'USER="games"');
    const refused = await lab.run(lab.victim, [...bounded, process.execPath, PROGRAM, '-atcp']);
    expect(refused.code).toBe(77);
    expect(refused.stderr).toMatch(
      /^portsentry: USER="games" cannot be had: CAP_CHOWN .* missing: .*; under systemd set User= and /,
    );
  });
});

test('lines that the journal gets from stdout do not go to syslog as well', async () => {
  configure(lab.victim);
  const syslog = await startSyslog(lab, lab.victim);
  const inJournal = 'JOURNAL_STREAM=$(stat -L -c %d:%i /proc/$$/fd/1) exec "$@"';
  const detector = await lab.start(lab.victim, [
    'sh',
    '-c',
    inJournal,
    '-',
    process.execPath,
    PROGRAM,
    '-atcp',
  ]);
  await detector.waitForLine(ACTIVE);
  await detector.stop();
  // Then a detector outside the journal: by its last line, all lines of the first would be there.
  const other = await startDetector(lab, lab.victim, ['-atcp']);
  await other.stop();
  await syslog.waitForLine(/PortSentry is shutting down/);
  expect(syslog.lines().filter((line) => line.includes('is starting'))).toHaveLength(1);
});

test('no core dump of packet data, and files that only their owner reads', async () => {
  configure(lab.victim, 'KILL_RUN_CMD="echo x > /run/made"');
  const limited = ['bash', '-c', 'ulimit -c unlimited && exec "$@"', '-', process.execPath, PROGRAM, '-atcp'];
  const detector = await lab.start(lab.victim, limited);
  await detector.waitForLine(ACTIVE);
  for (const pid of [detector.pid, captureOf(detector) as number]) {
    expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/^Max core file size +0 +0 /m);
    expect(Number(readFileSync(`/proc/${pid}/coredump_filter`, 'utf8'))).toBe(0);
  }
  expect(statusOf(detector.pid, 'Umask')).toBe('0077');
  await nmap(lab, ['-sS', '-p', '3000', lab.wire.to.ipv4]);
  await detector.waitForLine(/External command run/);
  expect(statSync(lab.victim.path('/run/made')).mode & 0o777).toBe(0o600);
});

describe('USER', () => {
  /** A folder where every user can read the program, wherever the checkout is. */
  const SHOWN = '/run/program';
  const NET_RAW_AND_ADMIN = '0000000000003000';

  beforeEach(async () => {
    const project = process.cwd();
    const script = `useradd --system --shell /usr/sbin/nologin portsentry && mkdir ${SHOWN} && mount --bind "$0" ${SHOWN}`;
    expect(await lab.run(lab.victim, ['sh', '-c', script, project])).toMatchObject({ code: 0 });
  });

  /** Starts it as root, which it gives up. */
  async function startAsUser(args: readonly string[], more: string): Promise<LabProcess> {
    configure(
      lab.victim,
      `USER="portsentry"\nBLOCK_METHOD="nftables"\nCONTROL_SOCKET="/run/portsentry/portsentry.sock"\n${more}`,
    );
    await lab.run(lab.victim, ['chmod', '755', '/etc/portsentry']);
    await lab.run(lab.victim, ['chmod', '644', CONFIG_FILE, IGNORE_FILE]);
    return lab.start(lab.victim, [process.execPath, `${SHOWN}/build/bundle/main.js`, ...args]);
  }

  async function uid(): Promise<string> {
    return (await lab.run(lab.victim, ['id', '-u', 'portsentry'])).stdout.trim();
  }

  test('keeps two capabilities, and still blocks a scanner', async () => {
    const standIn = await startAsUser(['-atcp'], 'KILL_HOSTS_DENY="ALL: $TARGET$"');
    await standIn.waitForLine(ACTIVE);
    const [daemon] = childrenOf(standIn.pid) as [number];
    const user = await uid();
    for (const pid of [standIn.pid, daemon]) {
      expect(statusOf(pid, 'Uid')?.split('\t')).toEqual(Array(4).fill(user));
      expect(statusOf(pid, 'Groups')?.trim()).toBe('');
    }
    expect(statusOf(standIn.pid, 'CapPrm')).toMatch(/^0+$/);
    for (const set of ['CapEff', 'CapPrm', 'CapBnd', 'CapAmb'])
      expect(statusOf(daemon, set)).toBe(NET_RAW_AND_ADMIN);
    const capture = childrenOf(daemon).find((pid) => statusOf(pid, 'Name') === 'portsentry-capt') as number;
    expect(statusOf(capture, 'CapEff')).toBe('0000000000002000');
    expect(standIn.lines()).toContainEqual(
      expect.stringMatching(
        /warning: USER="portsentry" cannot write \/etc\/hosts\.deny: KILL_HOSTS_DENY will fail/,
      ),
    );
    await nmap(lab, ['-sS', '-p', '3000', lab.wire.to.ipv4]);
    await standIn.waitForLine(/^attackalert: ERROR: Host 10\.99\.0\.1 was not blocked via wrappers/);
    const { stdout } = await lab.run(lab.victim, ['nft', 'list', 'ruleset']);
    expect(stdout).toContain('10.99.0.1');
    standIn.signal('SIGHUP');
    await standIn.waitForLine(/^adminalert: Configuration and ignore file were read again\.$/);
    expect((await standIn.stop()).code).toBe(0);
    expect(statusOf(daemon, 'Name')).toBeUndefined();
  });

  test('capture starts again without root', async () => {
    const standIn = await startAsUser(['-atcp'], 'BLOCK_TCP="0"');
    await standIn.waitForLine(ACTIVE);
    await lab.run(lab.victim, ['ip', 'link', 'set', 'eth0', 'down']);
    await standIn.waitForLine(/^adminalert: Capture stopped: /);
    await lab.run(lab.victim, ['ip', 'link', 'set', 'eth0', 'up']);
    await lab.waitFor(async () => {
      await nmap(lab, ['-sS', '-p', '3000', lab.wire.to.ipv4]);
      return standIn.lines().some((line) => line.startsWith('attackalert: TCP SYN'));
    });
  });

  test('ports below 1024 are bound in the connect modes', async () => {
    const standIn = await startAsUser(['-tcp', '-udp'], 'TCP_PORTS="111"\nUDP_PORTS="161"');
    await standIn.waitForLine(ACTIVE);
    expect(standIn.lines().filter((line) => line.includes('Going into'))).toHaveLength(2);
  });

  test('in the background, with a pid file', async () => {
    const starter = await startAsUser(['-atcp', '-D', '--pidfile', PID_FILE], '');
    expect(await starter.ended).toMatchObject({ code: 0, stderr: '' });
    const pid = readFile(lab.victim, PID_FILE).trim();
    const { stdout } = await lab.run(lab.victim, ['ps', '-o', 'user=,args=', '-p', pid]);
    expect(stdout.trim().replace(/\s+/g, ' ')).toMatch(/^(portsen\+|portsentry|\d+) portsentry -atcp -D/);
    await lab.run(lab.victim, ['kill', pid]);
    await lab.waitFor(() => readFile(lab.victim, PID_FILE) === '');
  });

  test('when the parent is killed, the daemon ends, too', async () => {
    const standIn = await startAsUser(['-atcp'], '');
    await standIn.waitForLine(ACTIVE);
    const [daemon] = childrenOf(standIn.pid) as [number];
    standIn.signal('SIGKILL');
    await lab.waitFor(() => statusOf(daemon, 'Name') === undefined);
  });

  test('a user that does not exist, and files that it cannot read, end the start', async () => {
    const unknown = await startAsUser(['-atcp'], 'USER="nosuchuser"');
    // The first of two equal keys counts.
    await unknown.stop();
    writeFile(lab.victim, CONFIG_FILE, 'USER="nosuchuser"\n');
    const nobody = await lab.run(lab.victim, [process.execPath, PROGRAM, '-atcp']);
    expect(nobody.code).toBe(78);
    expect(nobody.stderr).toMatch(/:1:7: error: USER: expected a user of this host, found "nosuchuser"/);
    configure(lab.victim, 'USER="portsentry"');
    await lab.run(lab.victim, ['chmod', '600', CONFIG_FILE]);
    const closed = await lab.run(lab.victim, [process.execPath, PROGRAM, 'check']);
    expect(closed.code).toBe(78);
    expect(closed.stdout).toContain(`USER="portsentry" cannot read ${CONFIG_FILE}: chgrp `);
    expect(await dropsOf(lab, lab.victim)).toEqual([]);
  });
});
