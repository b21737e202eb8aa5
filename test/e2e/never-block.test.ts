import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  configure,
  HISTORY_FILE,
  IGNORE_FILE,
  readFile,
  startDetector,
  writeFile,
} from '../support/detector.ts';
import { ethernet, SYN, tcpPacket } from '../support/frames.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { blocksOf, order, targetsOf } from '../support/orders.ts';
import { sendFrames, startService } from '../support/services.ts';
import { logIn, startSshd } from '../support/ssh.ts';

/** Forged packets cannot turn the blocks against the host itself: one test for each rule that spares a source. */

const GATEWAY = '10.99.0.254';
const RESOLVER = '10.99.0.53';
/** A source that is blocked. When it is, all packets before its own have been judged. */
const STRANGER = '11.0.0.9';

let lab: Lab;
let detector: LabProcess;
beforeEach(async () => {
  lab = await createLab({ name: 'never-block' });
});
afterEach(() => lab.close());

async function start(more = ''): Promise<void> {
  // Of what Linux itself drops, such as a source of 127.0.0.1 from outside, only captured frames tell.
  configure(lab.victim, `BLOCK_METHOD="nftables"\nSENSOR="packet"\n${more}`);
  detector = await startDetector(lab, lab.victim);
}

/** Sends a SYN to a port of the victim from each of these sources. */
function forge(sources: readonly string[], port = 3000): Promise<void> {
  const frames = sources.map((source) => {
    const destination = source.includes(':') ? lab.wire.to.ipv6 : lab.wire.to.ipv4;
    const packet = tcpPacket({ source, destination, destinationPort: port, flags: SYN });
    return ethernet(packet, { destination: lab.wire.to.mac });
  });
  return sendFrames(lab, lab.scanner, frames);
}

const blocked = (target: string) =>
  detector.waitForLine(new RegExp(`^attackalert: Host ${target} has been blocked`));

/** The lines of two probes of a spared source: it is logged like any other, and the rule is named once. */
function refusalLines(source: string, rule: string): string[] {
  const probe = (port: number) =>
    `attackalert: TCP SYN/Normal scan from host: ${source}/${source} to TCP port: ${port}`;
  return [probe(3000), `adminalert: Host: ${source}/${source} is never blocked: ${rule}`, probe(3001)];
}

/** Sends two probes; both are logged, and no block follows. */
async function expectRefusal(source: string, rule: string): Promise<void> {
  await forge([source]);
  await forge([source, STRANGER], 3001);
  await blocked(STRANGER);
  const lines = detector.lines().filter((line) => line.includes(`${source}/${source} `));
  expect(lines).toEqual(refusalLines(source, rule));
  expect(await targetsOf(lab)).toEqual([STRANGER]);
}

describe('a forged SYN from', () => {
  test('the gateway', async () => {
    await lab.run(lab.victim, ['ip', 'route', 'add', 'default', 'via', GATEWAY]);
    await start();
    await expectRefusal(GATEWAY, `default gateway ${GATEWAY} of eth0`);
  });

  test('the resolver', async () => {
    writeFile(lab.victim, '/etc/resolv.conf', `nameserver ${RESOLVER}\n`);
    await start();
    await expectRefusal(RESOLVER, `resolver ${RESOLVER} of /etc/resolv.conf`);
  });

  test('the administrator who is logged in by SSH', async () => {
    await startSshd(lab, 22);
    await logIn(lab, 22, lab.wire.from.ipv4);
    await start();
    await expectRefusal(lab.wire.from.ipv4, `session from ${lab.wire.from.ipv4}, found by sshd`);
  });

  test('one of its own addresses', async () => {
    await lab.run(lab.victim, ['ip', 'address', 'add', '10.99.0.77/24', 'dev', 'eth0']);
    await start();
    await expectRefusal('10.99.0.77', 'own address 10.99.0.77');
  });

  test.each([
    ['0.0.0.0', 'unspecified 0.0.0.0/8'],
    ['255.255.255.255', 'broadcast 255.255.255.255'],
    ['10.99.0.255', 'broadcast 10.99.0.255'],
    ['224.0.0.1', 'multicast 224.0.0.0/4'],
    ['127.0.0.1', 'loopback 127.0.0.0/8'],
    ['ff02::1', 'multicast ff00::/8'],
  ])('%s', async (source, rule) => {
    await start();
    await expectRefusal(source, rule);
  });

  test('an address of the ignore file, which says nothing', async () => {
    writeFile(lab.victim, IGNORE_FILE, '10.99.0.64/26\n');
    await start();
    await forge(['10.99.0.70']);
    await forge([STRANGER], 3001);
    await blocked(STRANGER);
    expect(detector.lines().filter((line) => line.includes('10.99.0.70'))).toEqual([]);
    expect(await targetsOf(lab)).toEqual([STRANGER]);
  });

  // 1.x is silent about what IGNORE_FILE names, so AUTO_IGNORE must not bring it into the log.
  test('the gateway, when the ignore file names its network, which says nothing', async () => {
    await lab.run(lab.victim, ['ip', 'route', 'add', 'default', 'via', GATEWAY]);
    writeFile(lab.victim, IGNORE_FILE, '10.99.0.0/24\n');
    await start();
    await forge([GATEWAY]);
    await forge([STRANGER], 3001);
    await blocked(STRANGER);
    expect(detector.lines().filter((line) => line.includes(GATEWAY))).toEqual([]);
  });
});

// A newcomer scans his virtual machine from the host, which is the default gateway, and nothing happened.
describe('a scan from the default gateway is not silent', () => {
  const EVENTS = '/var/log/portsentry.json';
  const RULE = `default gateway ${GATEWAY} of eth0`;

  test.each([
    ['live', '1', []],
    ['live with BLOCK="0"', '0', []],
    ['in a dry run', '1', ['--dry-run']],
  ] as const)('%s', async (_how, block, args) => {
    await lab.run(lab.victim, ['ip', 'route', 'add', 'default', 'via', GATEWAY]);
    writeFile(lab.victim, EVENTS, '');
    configure(lab.victim, `BLOCK_METHOD="nftables"\nEVENT_FILE="${EVENTS}"\nBLOCK_TCP="${block}"\n`);
    detector = await startDetector(lab, lab.victim, ['-atcp', '-audp', ...args]);
    await forge([GATEWAY], 3000);
    await forge([GATEWAY], 3001);
    await detector.waitForLine(/TCP port: 3001$/);

    const why = JSON.parse((await order(lab, 'why', GATEWAY, '--json')).stdout);
    expect(why).toMatchObject({ rule: RULE, source: { probes: 2, connects: 2 }, block: null });
    expect(why.next).toEqual([`It is never blocked (${RULE}); its probes are only logged.`]);
    expect(JSON.parse((await order(lab, 'status', '--json')).stdout)).toMatchObject({ probes: 2 });
    expect(await blocksOf(lab)).toEqual([]);
    const { stdout: ruleset } = await lab.run(lab.victim, ['nft', 'list', 'ruleset']);
    expect(ruleset).not.toMatch(new RegExp(`block4[^}]*elements = \\{[^}]*${GATEWAY}`));

    detector.signal('SIGTERM');
    await detector.ended;
    const lines = detector.lines().filter((line) => line.includes(GATEWAY));
    expect(lines.slice(0, 3)).toEqual(refusalLines(GATEWAY, RULE));
    expect(lines[3]).toMatch(/^attackalert: Scan by 10\.99\.0\.254 ended: 2 probes to 2 ports in /);
    const events = readFile(lab.victim, EVENTS)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events).toMatchObject([
      { event: { action: 'probe' }, portsentry: { ignored: RULE, triggered: true } },
      { event: { action: 'refused' }, portsentry: { rule: RULE } },
      { event: { action: 'probe' }, portsentry: { ignored: RULE } },
      { event: { action: 'scan' }, source: { ip: GATEWAY } },
    ]);
    // fail2ban bans whoever the history names.
    expect(readFile(lab.victim, HISTORY_FILE)).toBe('');
  });
});

test('the firewall itself lets a spared source pass, whatever is blocked', async () => {
  await startService(lab, lab.victim, 'http', 8080);
  writeFile(lab.victim, IGNORE_FILE, `${lab.wire.from.ipv4}\n`);
  await start();
  // As an administrator may do by hand.
  const add = ['nft', 'add', 'element', 'inet', 'portsentry', 'block4_32', '{', lab.wire.from.ipv4, '}'];
  expect((await lab.run(lab.victim, add)).code).toBe(0);
  const curl = ['curl', '--silent', '--max-time', '30', `http://${lab.wire.to.ipv4}:8080/`];
  expect((await lab.run(lab.scanner, curl)).code).toBe(0);
});

test('a blocked source that becomes a spared one is let in again', async () => {
  await start();
  await forge([lab.wire.from.ipv4]);
  await blocked('10.99.0.1');
  writeFile(lab.victim, IGNORE_FILE, `${lab.wire.from.ipv4}\n`);
  detector.signal('SIGHUP');
  await detector.waitForLine(
    /^adminalert: Host: 10\.99\.0\.1 is no longer blocked: it is never to be blocked: ignore file/,
  );
  expect(await blocksOf(lab)).toEqual([]);
});

test('an IPv6 source that changes its address within its /64 is blocked as a prefix when one has come back', async () => {
  await start();
  await forge(['2001:db8:7::1']);
  await blocked('2001:db8:7::1');
  await forge(['2001:db8:7::1'], 3002);
  await detector.waitForLine(/Host: 2001:db8:7::1\/2001:db8:7::1 is already blocked Ignoring$/);
  await forge(['2001:db8:7::2']);
  await blocked('2001:db8:7::/64');
  await lab.waitFor(async () => (await targetsOf(lab)).join() === '2001:db8:7::/64');
  await forge(['2001:db8:7:0:ffff::3'], 3001);
  await detector.waitForLine(/from host: 2001:db8:7:0:ffff::3\/2001:db8:7:0:ffff::3 to TCP port: 3001$/);
  expect(await targetsOf(lab)).toEqual(['2001:db8:7::/64']);
});

test('neighbours in a network of this host are strangers to one another', async () => {
  await start();
  await forge(['fd99::1']);
  await forge(['fd99::77'], 3001);
  await blocked('fd99::77');
  expect((await targetsOf(lab)).sort()).toEqual(['fd99::1', 'fd99::77']);
});

test('more than BLOCK_RATE_MAX new sources look forged: one line says so, and sources of a single probe are left alone', async () => {
  await start('BLOCK_RATE_MAX="20"\nDECOY_POLICY="block"');
  const sources = Array.from({ length: 200 }, (_, index) => `11.1.0.${index + 1}`);
  await forge(sources);
  await detector.waitForLine(/^adminalert: More than 20 new sources were to be blocked within a minute/);
  // A real scanner sends more than one probe.
  for (const port of [3000, 3001]) await forge([STRANGER], port);
  // Do not wait for its line in the log: above 20 a second, lines may be left out.
  await lab.waitFor(async () => (await targetsOf(lab)).includes(STRANGER));
  expect(await targetsOf(lab)).toEqual([...sources.slice(0, 20), STRANGER]);
  expect(detector.lines().filter((line) => line.includes('BLOCK_RATE_MAX'))).toHaveLength(1);
  const status = JSON.parse((await order(lab, 'status', '--json')).stdout);
  expect(status.breaker).toEqual({ open: true, threshold: 20 });
});
