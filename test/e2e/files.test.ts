import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  alertsOf,
  childrenOf,
  configure,
  configurePacketSensor,
  endBy,
  nmap,
  PROGRAM,
  PROMPT_STARTS,
  readFile,
  startDetector,
  statusOf,
} from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { Outcome } from '../support/lab-process.ts';

/** Faults 28 to 30: files, locks, and what others can make the detector do. */

let lab: Lab;
let shared: string;
beforeEach(async () => {
  lab = await createLab({ name: 'files' });
  // /tmp is the same for all hosts of the lab.
  shared = mkdtempSync(join(tmpdir(), 'ps-state-'));
});
afterEach(async () => {
  await lab.close();
  rmSync(shared, { recursive: true });
});

const shell = (script: string): Promise<Outcome> => lab.run(lab.victim, ['sh', '-ec', script]);
const portsentry = (...args: string[]) => lab.run(lab.victim, [process.execPath, PROGRAM, ...args]);

test('fault 28: a second detector is refused for the same STATE_DIR, also in other namespaces of network, processes and files', async () => {
  const hosts = [lab.victim, lab.scanner] as const;
  for (const host of hosts) configure(host, `STATE_DIR="${shared}/state"`);
  const first = await startDetector(lab, lab.victim, ['-atcp']);
  const second = await lab.run(lab.scanner, [process.execPath, PROGRAM, '-atcp']);
  expect([second.code, second.stderr]).toEqual([
    69,
    expect.stringMatching(
      /^portsentry: STATE_DIR \S+: another portsentry \(pid \d+\) uses it: stop it, or choose another STATE_DIR$/m,
    ),
  ]);
  // A reload does not leave the folder that is locked for one that is not.
  configure(lab.victim, `STATE_DIR="${shared}/other"`);
  first.signal('SIGHUP');
  await lab.waitFor(() => first.lines().some((line) => line.includes('were read again')));
  expect(first.lines().filter((line) => line.includes('STATE_DIR'))).toEqual([
    expect.stringContaining('STATE_DIR takes effect at the next start.'),
  ]);
  expect(existsSync(`${shared}/other`)).toBe(false);
  // The lock ends with its process, however it ends.
  first.signal('SIGKILL');
  await first.ended;
  const third = await startDetector(lab, lab.scanner, ['-atcp']);
  expect((await third.stop()).code).toBe(0);
});

describe('fault 28: symbolic links', () => {
  test('USER gets no folder by a link that it has planted in a folder of its own', async () => {
    await shell(`
      useradd --system --shell /usr/sbin/nologin plain
      mkdir -p /var/spool/plain /etc/victim && chown plain /var/spool/plain
      ln -s /etc/victim /var/spool/plain/link`);
    for (const more of [
      'STATE_DIR="/var/spool/plain/link/state"',
      'HISTORY_FILE="/var/spool/plain/link/history"',
    ]) {
      configure(lab.victim, `USER="plain"\n${more}`);
      await shell('chmod -R a+rX /etc/portsentry');
      const { code, stderr } = await portsentry('-atcp');
      expect([code, stderr]).toEqual([
        74,
        expect.stringMatching(/link is a symbolic link below a folder of user \d+: it is not followed/),
      ]);
      expect((await shell('find /etc/victim; stat -c %U /etc/victim')).stdout).toBe('/etc/victim\nroot\n');
    }
  });

  test('events and history do not go where a link leads', async () => {
    for (const key of ['EVENT_FILE', 'HISTORY_FILE']) {
      await shell('ln -sf /etc/victim /var/log/link; echo precious > /etc/victim');
      configure(lab.victim, `${key}="/var/log/link"`);
      const { code, stderr } = await portsentry('-atcp');
      expect([code, stderr]).toEqual([
        78,
        expect.stringContaining('/var/log/link is a symbolic link, which is not followed'),
      ]);
      expect(readFile(lab.victim, '/etc/victim')).toBe('precious\n');
    }
  });
});

test('fault 30: a pipe is refused at once as configuration, ignore file, pid file and capture', async () => {
  configure(lab.victim);
  await shell('mkfifo /run/pipe');
  expect(await portsentry('check', '-c', '/run/pipe')).toMatchObject({
    code: 66,
    stderr: 'portsentry: /run/pipe: a pipe, not a file\n',
  });
  expect((await portsentry('replay', '/run/pipe')).stderr).toContain(
    '/run/pipe: is a pipe that no program writes to',
  );
  configure(lab.victim, 'IGNORE_FILE="/run/pipe"');
  expect(await portsentry('-atcp')).toMatchObject({
    code: 78,
    stderr: expect.stringContaining('/run/pipe: error: IGNORE_FILE: cannot be read (a pipe, not a file)'),
  });
  configure(lab.victim);
  const detector = await startDetector(lab, lab.victim, ['-atcp', '--pidfile', '/run/pipe']);
  expect((await detector.stop()).code).toBe(0);
});

test('fault 29: addresses that change again and again start few processes', async () => {
  configurePacketSensor(lab.victim);
  const detector = await startDetector(lab, lab.victim, ['-atcp', '-v']);
  const changes = 40;
  const begun = performance.now();
  await shell(`
    for i in $(seq ${changes}); do
      ip address add 10.99.0.$((100 + i))/24 dev eth0
      sleep 0.3
    done`);
  // The newest address is captured in the end, whatever came before it: the last turn is in ten seconds at most.
  await lab.waitFor(async () => {
    await nmap(lab, ['-sS', '-p', '3000', `10.99.0.${100 + changes}`]);
    return alertsOf(detector).length > 0;
  });
  const renewals = detector.lines().filter((line) => line.includes('Capture goes on on')).length;
  const seconds = (performance.now() - begun) / 1_000;
  expect(renewals).toBeLessThanOrEqual(8 + Math.ceil(seconds / 10));
  const capture = childrenOf(detector.pid).filter((pid) => statusOf(pid, 'Name') === 'portsentry-capt');
  expect(capture.length).toBeLessThanOrEqual(2);
});

describe('fault 29: with 10,000 ports that listen, a stop is as prompt as without', () => {
  const HOLD = `
import socket, sys, time
held = []
for port in range(20000, 30000):
    held.append(socket.socket())
    held[-1].bind(('0.0.0.0', port))
    held[-1].listen(1)
print('held', flush=True)
time.sleep(3600)`;

  test.each(['kernel', 'packet'])('those of a service, with the %s sensor', async (sensor) => {
    const service = await lab.start(lab.victim, ['sh', '-c', 'ulimit -n 10100; exec python3 -c "$0"', HOLD]);
    await service.waitForLine(/^held$/);
    configure(lab.victim, `SENSOR="${sensor}"`);
    const detector = await startDetector(lab, lab.victim);
    const { code, starts } = await endBy(lab, detector);
    expect(code).toBe(0);
    expect(starts).toBeLessThan(PROMPT_STARTS);
  });

  test('those of the modes tcp and udp', async () => {
    configure(lab.victim, 'TCP_PORTS="20000-25000"\nUDP_PORTS="20000-25000"');
    const detector = await startDetector(lab, lab.victim, ['-tcp', '-udp']);
    const { code, starts } = await endBy(lab, detector);
    expect(code).toBe(0);
    expect(starts).toBeLessThan(PROMPT_STARTS);
  });
});
