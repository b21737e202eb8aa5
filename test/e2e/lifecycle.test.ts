import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  alertsOf,
  captureOf,
  childrenOf,
  configure,
  configurePacketSensor,
  dropsOf,
  endBy,
  HISTORY_FILE,
  IGNORE_FILE,
  PROGRAM,
  PROMPT_STARTS,
  readFile,
  runningDetectors,
  startDetector,
  statusOf,
  writeFile,
} from '../support/detector.ts';
import { ethernet, SYN, tcpPacket, udpPacket } from '../support/frames.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { order } from '../support/orders.ts';
import { sendFrames, startFlood, startSyslog } from '../support/services.ts';

/** A run from its start to its end, and what happens to a source in between. */

const SCANNER = '10.99.0.1';
const BLOCKED_FILE = '/etc/portsentry/portsentry.blocked.atcp';
const SHUTDOWN = ['securityalert: PortSentry is shutting down', 'adminalert: PortSentry is shutting down'];
const TO_ROUTE = 'attackalert: Host 10.99.0.1 has been blocked via dropped route using command: ';

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'lifecycle' });
});
afterEach(() => lab.close());

/** Sends a SYN or a datagram to the victim, from the scanner unless another source is forged. */
async function knock(port: number, source = SCANNER, protocol: 'tcp' | 'udp' = 'tcp'): Promise<void> {
  const ends = { source, destination: lab.wire.to.ipv4, destinationPort: port };
  const packet = protocol === 'tcp' ? tcpPacket({ ...ends, flags: SYN }) : udpPacket(ends);
  await sendFrames(lab, lab.scanner, [ethernet(packet, { destination: lab.wire.to.mac })]);
}

describe('the end', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s: two lines, code 0, nothing left', async (signal) => {
    configure(lab.victim);
    const detector = await startDetector(lab, lab.victim);
    const children = childrenOf(detector.pid);
    expect(children.length).toBeGreaterThan(0);
    const { code, starts } = await endBy(lab, detector, signal);
    expect(code).toBe(0);
    expect(starts).toBeLessThan(PROMPT_STARTS);
    expect(detector.lines().slice(-2)).toEqual(SHUTDOWN);
    expect(children.filter((pid) => statusOf(pid, 'Name') !== undefined)).toEqual([]);
  });

  test('SIGTERM while a command hangs: the command is ended, too', async () => {
    configure(
      lab.victim,
      'KILL_RUN_CMD="trap : TERM; echo $TARGET$ > /run/begun; while :; do sleep 60; done"',
    );
    const detector = await startDetector(lab, lab.victim);
    await knock(3000);
    await lab.waitFor(() => readFile(lab.victim, '/run/begun') !== '');
    const { code, starts } = await endBy(lab, detector, 'SIGTERM');
    expect(code).toBe(0);
    expect(starts).toBeLessThan(PROMPT_STARTS);
    expect(detector.lines()).toEqual(expect.arrayContaining(SHUTDOWN));
    expect((await lab.run(lab.victim, ['pgrep', '-x', 'sleep'])).stdout).toBe('');
  });

  test('SIGTERM in a flood', async () => {
    configure(lab.victim, 'BLOCK_TCP="0"');
    const detector = await startDetector(lab, lab.victim);
    const flood = await startFlood(lab, lab.wire, { perSecond: 20_000, seconds: Infinity });
    await detector.waitForLine(/^attackalert:/);
    const { code, starts } = await endBy(lab, detector, 'SIGTERM');
    expect(flood.outcome).toBeNull();
    expect(code).toBe(0);
    expect(starts).toBeLessThan(PROMPT_STARTS);
    expect(detector.lines()).toEqual(expect.arrayContaining(SHUTDOWN));
    await flood.stop();
  });

  test('SIGTERM while no interface is up', async () => {
    configurePacketSensor(lab.victim);
    await lab.run(lab.victim, ['ip', 'link', 'set', 'eth0', 'down']);
    const detector = await startDetector(lab, lab.victim);
    expect(detector.lines()).toContain(
      'adminalert: No interface to listen on is up; each is listened to as soon as it is.',
    );
    const { code, starts } = await endBy(lab, detector, 'SIGTERM');
    expect(code).toBe(0);
    expect(starts).toBeLessThan(PROMPT_STARTS);
  });
});

describe('what ps shows', () => {
  test('the switches of the modes, and a capture process that can do nothing', async () => {
    configure(lab.victim);
    const detector = await startDetector(lab, lab.victim, ['-atcp', '-audp']);
    const ps = (format: string) => lab.run(lab.victim, ['ps', '-e', '-o', format]);
    expect((await ps('args=')).stdout.split('\n')).toContain('portsentry -atcp -audp');
    expect((await ps('comm=')).stdout.split('\n')).toContain('portsentry');
    const capture = captureOf(detector) as number;
    // What is inheritable gives nothing without new privileges.
    for (const set of ['CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      expect(statusOf(capture, set)).toMatch(/^0+$/);
    expect(statusOf(capture, 'Uid')?.split('\t')).toEqual(Array(4).fill('65534'));
    expect(statusOf(capture, 'Gid')?.split('\t')).toEqual(Array(4).fill('65534'));
    expect(statusOf(capture, 'Groups')?.trim()).toBe('');
  });
});

describe('--daemon', () => {
  test('ends when the detector in the background is ready, which is detached and logs to syslog', async () => {
    configure(lab.victim);
    const syslog = await startSyslog(lab, lab.victim);
    const starter = await lab.run(lab.victim, [process.execPath, PROGRAM, '-atcp', '-audp', '-D']);
    expect(starter).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const active = await syslog.waitForLine(/PortSentry is now active and listening/);
    const pid = /portsentry\[(\d+)\]/.exec(active)?.[1] as string;
    const { stdout } = await lab.run(lab.victim, ['ps', '-o', 'sid=,tty=,args=', '-p', pid]);
    expect(stdout.trim().split(/\s+/)).toEqual([pid, '?', 'portsentry', '-atcp', '-audp', '-D']);
    for (const fd of [0, 1, 2]) {
      const link = await lab.run(lab.victim, ['readlink', `/proc/${pid}/fd/${fd}`]);
      expect(link.stdout).toBe('/dev/null\n');
    }
    await knock(3000);
    await syslog.waitForLine(/has been blocked via dropped route/);
    await lab.run(lab.victim, ['kill', pid]);
    await syslog.waitForLine(/adminalert: PortSentry is shutting down/);
    await lab.waitFor(async () => (await lab.run(lab.victim, ['pgrep', 'portsentry'])).stdout === '');
  });

  test('a start that fails is reported as in the foreground', async () => {
    configure(lab.victim, 'BLOCK_UDP="x"');
    const starter = await lab.run(lab.victim, [process.execPath, PROGRAM, '-D']);
    expect(starter.code).toBe(78);
    expect(starter.stderr).toMatch(/^portsentry: \S+:1:12: error: BLOCK_UDP: .*\n$/);
    expect((await lab.run(lab.victim, ['pgrep', 'portsentry|node'])).stdout).toBe('');
  });
});

describe('SIGHUP', () => {
  const REREAD = /^adminalert: Configuration and ignore file were read again\.$/;

  test('takes over other ports', async () => {
    configure(lab.victim, 'ADVANCED_PORTS_TCP="3000"');
    const detector = await startDetector(lab, lab.victim);
    await knock(4000);
    await knock(2000, '203.0.113.1');
    await detector.waitForLine(/203\.0\.113\.1 to TCP port: 2000$/);
    configure(lab.victim, 'ADVANCED_PORTS_TCP="5000"');
    detector.signal('SIGHUP');
    await detector.waitForLine(REREAD);
    // The new filter is in force when the next capture process is ready. No line of the log says so.
    await lab.waitFor(async () => {
      await knock(4001);
      return alertsOf(detector).some((line) => line.endsWith('to TCP port: 4001'));
    });
    expect(alertsOf(detector).some((line) => line.endsWith('port: 4000'))).toBe(false);
  });

  test('refuses a wrong configuration, says where it is wrong, and keeps the old one', async () => {
    configure(lab.victim);
    const detector = await startDetector(lab, lab.victim);
    configure(lab.victim, 'BLOCK_TCP="0"\nBLOCK_UDP="7"');
    detector.signal('SIGHUP');
    await detector.waitForLine(
      /^adminalert: Configuration not taken over: \/etc\/portsentry\/portsentry\.conf:2:12: error: BLOCK_UDP: /,
    );
    await knock(3000);
    await detector.waitForLine(/has been blocked via dropped route/);
  });

  test('a source whose line was removed from the ignore file may be blocked', async () => {
    writeFile(lab.victim, IGNORE_FILE, '10.99.0.0/24\n');
    configure(lab.victim);
    const detector = await startDetector(lab, lab.victim);
    await knock(3000);
    await lab.waitFor(async () => JSON.parse((await order(lab, 'status', '--json')).stdout).probes === 1);
    expect(await dropsOf(lab, lab.victim)).toEqual([]);
    writeFile(lab.victim, IGNORE_FILE, '# nobody\n');
    detector.signal('SIGHUP');
    await detector.waitForLine(REREAD);
    await knock(3001);
    await detector.waitForLine(/has been blocked via dropped route/);
    expect(await dropsOf(lab, lab.victim)).toHaveLength(1);
  });
});

describe('actions', () => {
  test.each([
    { name: 'exits with 3', script: 'exit 3', failure: /: exit status 3$/ },
    { name: 'is a missing program', script: '/no/such/program', failure: /: exit status 127: .*not found$/ },
  ])('a KILL_ROUTE that $name is logged, is no block, and is tried again', async ({ script, failure }) => {
    const fail = `{ echo $TARGET$ > /run/tried; ${script}; }`;
    const route = `test -e /run/tried && /sbin/iptables -I INPUT -s $TARGET$ -j DROP || ${fail}`;
    configure(lab.victim, `KILL_ROUTE="${route}"`);
    const detector = await startDetector(lab, lab.victim);
    await knock(3000);
    await detector.waitForLine(/^attackalert: ERROR: Could not block host 10\.99\.0\.1\/10\.99\.0\.1 !!$/);
    const error = detector.lines().find((line) => line.includes('was not blocked via dropped route'));
    expect(error).toMatch(
      /^attackalert: ERROR: Host 10\.99\.0\.1 was not blocked via dropped route using command: "/,
    );
    expect(error).toMatch(failure);
    expect(readFile(lab.victim, HISTORY_FILE) + readFile(lab.victim, BLOCKED_FILE)).toBe('');
    await knock(3001);
    await lab.waitFor(() => readFile(lab.victim, BLOCKED_FILE) !== '');
    for (const file of [HISTORY_FILE, BLOCKED_FILE]) {
      expect(readFile(lab.victim, file)).toMatch(
        /^\d+ - .* Host: 10\.99\.0\.1\/10\.99\.0\.1 Port: 3001 TCP Blocked\n$/,
      );
    }
    expect(await dropsOf(lab, lab.victim)).toHaveLength(1);
  });

  test.each([
    { first: '0', order: ['route', 'wrappers', 'external'] },
    { first: '1', order: ['external', 'route', 'wrappers'] },
  ])('KILL_RUN_CMD_FIRST="$first": $order', async ({ first, order }) => {
    configure(
      lab.victim,
      `KILL_HOSTS_DENY="ALL: $TARGET$ : DENY"\nKILL_RUN_CMD="echo $TARGET$ $PORT$ $MODE$"\nKILL_RUN_CMD_FIRST="${first}"`,
    );
    const detector = await startDetector(lab, lab.victim);
    await knock(3000);
    const told = {
      route: `${TO_ROUTE}"/sbin/iptables -I INPUT -s 10.99.0.1 -j DROP"`,
      wrappers:
        'attackalert: Host 10.99.0.1 has been blocked via wrappers with string: "ALL: 10.99.0.1 : DENY"',
      external:
        'attackalert: External command run for host: 10.99.0.1 using command: "echo 10.99.0.1 3000 atcp"',
    };
    await lab.waitFor(() => alertsOf(detector).length === 4);
    expect(alertsOf(detector).slice(1)).toEqual(order.map((step) => told[step as keyof typeof told]));
    expect(readFile(lab.victim, '/etc/hosts.deny')).toBe('ALL: 10.99.0.1 : DENY\n');
  });

  test('one host that probes by TCP and UDP is one line in hosts.deny, and one rule', async () => {
    configure(lab.victim, 'KILL_HOSTS_DENY="ALL: $TARGET$"');
    const detector = await startDetector(lab, lab.victim);
    const ends = { source: SCANNER, destination: lab.wire.to.ipv4, destinationPort: 3000 };
    const frames = [tcpPacket({ ...ends, flags: SYN }), udpPacket(ends)];
    await sendFrames(
      lab,
      lab.scanner,
      frames.map((frame) => ethernet(frame, { destination: lab.wire.to.mac })),
    );
    await detector.waitForLine(/UDP scan from host/);
    await detector.waitForLine(/blocked via wrappers/);
    // A block of another source after it: by then all actions against the first are done.
    await knock(3000, '203.0.113.1');
    await detector.waitForLine(/^attackalert: Host 203\.0\.113\.1 has been blocked via wrappers/);
    expect(readFile(lab.victim, '/etc/hosts.deny')).toBe('ALL: 10.99.0.1\nALL: 203.0.113.1\n');
    expect(await dropsOf(lab, lab.victim)).toHaveLength(2);
    expect(readFile(lab.victim, HISTORY_FILE).trimEnd().split('\n')).toHaveLength(2);
  });

  test.each([
    { speed: '--fast', args: ['-i', 'u1'] },
    { speed: 'different ports', args: ['-i', 'u1', '-p', '++3000'] },
  ])('five probes at once ($speed) make one rule', async ({ args }) => {
    configure(lab.victim);
    const detector = await startDetector(lab, lab.victim);
    await lab.run(lab.scanner, ['hping3', '-q', '-S', '-p', '3000', ...args, '-c', '5', lab.wire.to.ipv4]);
    await detector.waitForLine(/blocked via dropped route/);
    await knock(3000, '203.0.113.1');
    await detector.waitForLine(/^attackalert: Host 203\.0\.113\.1 has been blocked/);
    const rules = (await dropsOf(lab, lab.victim)).filter((rule) => rule.includes(SCANNER));
    expect(rules).toHaveLength(1);
    // The line is written after the last action is logged.
    await lab.waitFor(() => readFile(lab.victim, BLOCKED_FILE).trimEnd().split('\n').length === 2);
  });

  test('BLOCK_TCP="0" writes the history once, and the blocked file never', async () => {
    configure(lab.victim, 'BLOCK_TCP="0"');
    const detector = await startDetector(lab, lab.victim);
    for (const port of [3000, 3001, 3002]) await knock(port);
    await detector.waitForLine(/TCP port: 3002$/);
    await detector.waitForLine(/^attackalert: Ignoring TCP response per configuration file setting\.$/);
    expect(readFile(lab.victim, HISTORY_FILE)).toMatch(/^.* Port: 3000 TCP Blocked\n$/);
    expect(readFile(lab.victim, BLOCKED_FILE)).toBe('');
    expect(await dropsOf(lab, lab.victim)).toEqual([]);
  });

  test('a source that is never blocked is logged once, and one of the ignore file not at all', async () => {
    writeFile(lab.victim, IGNORE_FILE, `${SCANNER}\n`);
    // The kernel drops a packet from the host's own address before the kernel sensor sees it.
    configurePacketSensor(lab.victim);
    await lab.run(lab.victim, ['ip', 'address', 'add', '10.99.0.9/24', 'dev', 'eth0']);
    const detector = await startDetector(lab, lab.victim);
    for (const port of [3000, 3001, 3002]) {
      await knock(port);
      await knock(port, '10.99.0.9');
    }
    await knock(3000, '203.0.113.1');
    await detector.waitForLine(/^attackalert: Host 203\.0\.113\.1 has been blocked/);
    const refusals = detector.lines().filter((line) => line.includes('is never blocked'));
    expect(refusals).toEqual([
      'adminalert: Host: 10.99.0.9/10.99.0.9 is never blocked: own address 10.99.0.9',
    ]);
    expect(await dropsOf(lab, lab.victim)).toEqual(['-A INPUT -s 203.0.113.1/32 -j DROP']);
    expect(readFile(lab.victim, HISTORY_FILE).trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('records', () => {
  test('RESOLVE_HOST="1" logs the name', async () => {
    configure(lab.victim, 'RESOLVE_HOST="1"');
    await lab.run(lab.victim, ['sh', '-c', `echo '${SCANNER} scanner.example' >> /etc/hosts`]);
    const detector = await startDetector(lab, lab.victim);
    await knock(3000);
    await detector.waitForLine(
      /^attackalert: TCP SYN\/Normal scan from host: scanner\.example\/10\.99\.0\.1 to TCP port: 3000$/,
    );
    await lab.waitFor(() => readFile(lab.victim, HISTORY_FILE) !== '');
    expect(readFile(lab.victim, HISTORY_FILE)).toContain(
      ' Host: scanner.example/10.99.0.1 Port: 3000 TCP Blocked\n',
    );
  });

  test('LOG_FORMAT="2" writes the lines of 2.x', async () => {
    configure(lab.victim, 'LOG_FORMAT="2"');
    const detector = await lab.start(lab.victim, [process.execPath, PROGRAM]);
    await detector.waitForLine(/^Portsentry is now active and listening\.$/);
    await knock(3000);
    const line =
      'Scan from: [10.99.0.1] (10.99.0.1) protocol: [TCP] port: [3000] type: [TCP SYN/Normal scan] IP opts: [not set] ignored: [false] triggered: [true] noblock: [false] blocked: [true]';
    await lab.waitFor(() => detector.lines().includes(line));
    const history = await lab.waitFor(() => readFile(lab.victim, HISTORY_FILE) || null);
    expect(history.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4} /, '')).toBe(`${line}\n`);
    expect(history).toMatch(/^\d{4}-/);
  });

  test('EVENT_FILE has an object in each line', async () => {
    configure(lab.victim, 'EVENT_FILE="/etc/portsentry/events"');
    const detector = await startDetector(lab, lab.victim);
    await knock(3000);
    await detector.waitForLine(/has been blocked/);
    await detector.stop();
    const events = readFile(lab.victim, '/etc/portsentry/events')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const ends = {
      '@timestamp': time,
      source: { ip: SCANNER, port: 40_000 },
      destination: { ip: lab.wire.to.ipv4, port: 3000 },
      network: { transport: 'tcp', type: 'ipv4' },
    };
    const about = { mode: 'atcp', kind: 'syn', label: 'TCP SYN/Normal scan' };
    const category = ['network', 'intrusion_detection'];
    const sum = { probes: 1, ports: 1, kinds: ['syn'], targets: 1, shape: 'single', tool: null };
    expect(events).toMatchObject([
      {
        ...ends,
        event: { kind: 'alert', category, action: 'probe' },
        portsentry: {
          ...about,
          connects: 1,
          triggered: true,
          ignored: null,
          repeat: false,
          ip_options: false,
          fragmented: false,
          evidence: 'spoofable',
          tool: null,
          decoy: false,
        },
      },
      {
        ...ends,
        event: { kind: 'event', category, action: 'block' },
        portsentry: {
          ...about,
          target: SCANNER,
          until: null,
          times: 1,
          method: 'command',
          steps: [{ step: 'route', text: expect.stringContaining('iptables'), failure: null }],
          reason: null,
        },
      },
      {
        '@timestamp': time,
        event: { kind: 'alert', category, action: 'scan' },
        source: { ip: SCANNER },
        network: { type: 'ipv4' },
        portsentry: { scan: { first: time, last: time, ...sum, sources: 1, decoys: [] } },
      },
    ]);
  });
});

test('syslog gets every line, from the process that ps shows', async () => {
  configure(lab.victim);
  const syslog = await startSyslog(lab, lab.victim);
  const detector = await startDetector(lab, lab.victim);
  await knock(3000);
  await detector.waitForLine(/has been blocked/);
  const [running] = await runningDetectors(lab);
  await detector.stop();
  await syslog.waitForLine(/adminalert: PortSentry is shutting down/);
  const tag = /^<29>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d portsentry\[(\d+)\]: (.*)$/;
  const heard = syslog.lines().filter((line) => line !== 'listening');
  for (const line of heard) expect(tag.exec(line)?.[1]).toBe(running?.split(' ')[0]);
  expect(heard.map((line) => tag.exec(line)?.[2])).toEqual(detector.lines());
});
