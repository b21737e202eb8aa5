import { afterEach, beforeEach, expect, test } from 'vitest';
import { configure, nmap, PROGRAM, startDetector, writeFile } from '../support/detector.ts';
import { eventually } from '../support/eventually.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { order, targetsOf } from '../support/orders.ts';

/** `portsentry logs` with the real places that lines go to, and what shells complete. */

const BLOCKS = 'BLOCK_METHOD="nftables"\nHISTORY_FILE=""\nBLOCKED_FILE=""';
const LINE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (attackalert|adminalert|securityalert): /;
const ACTIVE = /^\S+ \S+ adminalert: PortSentry is now active and listening\.$/m;

/** What any program of the host may write under our name. */
const HOSTILE = 'attackalert: \u001b[2J\u202eevil \u0007';

let lab: Lab;

beforeEach(async () => {
  lab = await createLab({ name: 'logs' });
});
afterEach(() => lab.close());

/** Starts a daemon whose lines go to syslog alone, and scans it. */
async function runDetector(): Promise<void> {
  configure(lab.victim, BLOCKS);
  await lab.start(lab.victim, [process.execPath, PROGRAM, '-atcp', '-l', 'syslog']);
  await lab.waitFor(async () => ACTIVE.test((await order(lab, 'logs')).stdout));
  await nmap(lab, ['-sS', '-p', '1-20', lab.wire.to.ipv4]);
  await lab.waitFor(async () => (await targetsOf(lab)).length > 0);
}

test('the file of a syslog daemon, followed through its rotation', async () => {
  const rules = 'module(load="imuxsock")\ndaemon.* /var/log/syslog\n';
  writeFile(lab.victim, '/etc/rsyslog-test.conf', rules);
  await lab.start(lab.victim, ['rsyslogd', '-n', '-f', '/etc/rsyslog-test.conf', '-i', '/run/rsyslogd.pid']);
  await lab.waitFor(async () => (await lab.run(lab.victim, ['test', '-S', '/dev/log'])).code === 0);
  await runDetector();
  const shown = await lab.waitFor(async () => {
    const { code, stdout } = await order(lab, 'logs');
    return code === 0 && ACTIVE.test(stdout) && stdout.includes('10.99.0.1') ? stdout : null;
  });
  for (const line of shown.trimEnd().split('\n')) expect(line).toMatch(LINE);
  // The scan may go on.
  await eventually(async () => {
    const { stdout } = await order(lab, 'logs');
    expect((await order(lab, 'logs', '-n', '2')).stdout).toBe(stdout.split('\n').slice(-3).join('\n'));
  });
  expect((await order(lab, 'logs', '--since', '1h')).stdout).toContain('is now active');
  expect((await order(lab, 'logs', '--since', '2100-01-01')).stdout).toBe('');
  const followed = await lab.start(lab.victim, [process.execPath, PROGRAM, 'logs', '-f', '-n', '1']);
  await followed.waitForLine(LINE);
  const rotate = ['sh', '-c', 'mv /var/log/syslog /var/log/syslog.1 && kill -HUP "$(cat /run/rsyslogd.pid)"'];
  expect((await lab.run(lab.victim, rotate)).code).toBe(0);
  await order(lab, 'block', '192.0.2.7', '--why', 'after the rotation');
  await followed.waitForLine(/192\.0\.2\.7 is blocked by hand .*: after the rotation$/);
  await lab.run(lab.victim, ['logger', '-t', 'portsentry', '-p', 'daemon.notice', '--', HOSTILE]);
  await followed.waitForLine(/evil/);
  expect(followed.output).not.toMatch(/[^\n\x20-\x7e]/);
  followed.signal('SIGINT');
  expect((await followed.ended).code).toBe(0);
  expect((await order(lab, 'logs', '-n', '100')).stdout, 'from both files').toMatch(ACTIVE);
});

test('the journal, followed; nobody else than root speaks in it for the daemon', async () => {
  // journald keeps no journal without a tree of control groups.
  const ground = 'mount -t cgroup2 cgroup2 /sys/fs/cgroup && mkdir -p /run/systemd/journal';
  expect((await lab.run(lab.victim, ['sh', '-c', ground])).code).toBe(0);
  await lab.start(lab.victim, ['/lib/systemd/systemd-journald']);
  await lab.waitFor(
    async () => (await lab.run(lab.victim, ['test', '-S', '/run/systemd/journal/dev-log'])).code === 0,
  );
  await lab.run(lab.victim, ['ln', '-s', '/run/systemd/journal/dev-log', '/dev/log']);
  await runDetector();
  const shown = await lab.waitFor(async () => {
    const { code, stdout } = await order(lab, 'logs');
    return code === 0 && ACTIVE.test(stdout) ? stdout : null;
  });
  for (const line of shown.trimEnd().split('\n')) expect(line).toMatch(LINE);
  const followed = await lab.start(lab.victim, [process.execPath, PROGRAM, 'logs', '-f', '-n', '1']);
  await followed.waitForLine(LINE);
  const asNobody = [
    'setpriv',
    '--reuid=65534',
    '--clear-groups',
    'logger',
    '-t',
    'portsentry',
    'adminalert: forged',
  ];
  expect((await lab.run(lab.victim, asNobody)).code).toBe(0);
  await lab.run(lab.victim, ['logger', '-t', 'portsentry', '-p', 'daemon.notice', '--', HOSTILE]);
  await followed.waitForLine(/evil/);
  expect(followed.output).not.toMatch(/[^\n\x20-\x7e]|forged/);
  followed.signal('SIGTERM');
  expect((await followed.ended).code).toBe(0);
  const left = await lab.run(lab.victim, ['pgrep', 'journalctl']);
  expect(left.stdout, 'no journalctl is left').toBe('');
});

test('EVENT_FILE where nothing else has lines, and a clear word where there is nothing', async () => {
  configure(lab.victim, BLOCKS);
  expect(await order(lab, 'logs')).toMatchObject({
    code: 66,
    stderr:
      'portsentry: no line of portsentry was found: there is no journal, no file of syslog and no EVENT_FILE; ' +
      'with --logoutput stdout they go to whoever started it\n',
  });
  configure(lab.victim, `${BLOCKS}\nEVENT_FILE="/var/log/events.json"`);
  await startDetector(lab, lab.victim, ['-atcp', '-l', 'stdout']);
  await nmap(lab, ['-sS', '-p', '1-20', lab.wire.to.ipv4]);
  const shown = await lab.waitFor(async () => {
    const { code, stdout } = await order(lab, 'logs');
    return code === 0 && stdout.includes('has been blocked') ? stdout : null;
  });
  expect(shown).toMatch(/^\S+ \S+ TCP SYN\/Normal scan from 10\.99\.0\.1 to 10\.99\.0\.2 TCP port \d+$/m);
  const asNobody = ['setpriv', '--reuid=65534', '--clear-groups', process.execPath, PROGRAM, 'logs'];
  expect(await lab.run(lab.victim, asNobody)).toMatchObject({ code: 77 });
});

test('shells complete the addresses of the daemon', async () => {
  configure(lab.victim, `${BLOCKS}\nBLOCK_TCP="0"`);
  await startDetector(lab, lab.victim);
  await nmap(lab, ['-sS', '-p', '1-20', lab.wire.to.ipv4]);
  await nmap(lab, ['-6', '-sS', '-p', '1-20', lab.wire.to.ipv6]);
  for (const target of ['192.0.2.0/24', '2001:db8::/32', '198.51.100.9']) await order(lab, 'block', target);
  const complete = async (...words: string[]) =>
    (await order(lab, '--get-yargs-completions', 'portsentry', ...words)).stdout.trim().split('\n').sort();
  expect(await complete('unblock', '')).toEqual(['192.0.2.0/24', '198.51.100.9', '2001:db8::/32']);
  expect(await complete('unblock', '19')).toEqual(['192.0.2.0/24', '198.51.100.9']);
  expect(await complete('why', '10.')).toEqual(['10.99.0.1']);
  expect(await complete('why', 'fd99:')).toEqual(['fd99::1']);
  const bash = await lab.run(lab.victim, [
    'bash',
    '-c',
    `portsentry() { '${process.execPath}' '${PROGRAM}' "$@"; }; eval "$(portsentry completion bash)"
     COMP_LINE='portsentry unblock 2001:db8:'; COMP_POINT=\${#COMP_LINE}; _portsentry; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ]);
  expect(bash.stdout).toBe(':/32\n');
  const asNobody = ['setpriv', '--reuid=65534', '--clear-groups', process.execPath, PROGRAM];
  const forbidden = await lab.run(lab.victim, [
    ...asNobody,
    '--get-yargs-completions',
    'portsentry',
    'why',
    '1',
  ]);
  expect([forbidden.stdout, forbidden.stderr]).toEqual(['', '']);
});
