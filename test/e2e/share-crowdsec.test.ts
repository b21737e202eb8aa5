import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Crowdsec, LAPI_PORT } from '../support/crowdsec.ts';
import { CONFIG_FILE, configure, PROGRAM, readFile, startDetector, writeFile } from '../support/detector.ts';
import { eventually } from '../support/eventually.ts';
import { createLab, type Lab, type Link } from '../support/lab.ts';
import type { Host } from '../support/lab-host.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { comeFrom } from '../support/matrix.ts';
import { startService } from '../support/services.ts';

/** Three hosts that share what they know by the real CrowdSec of Debian. */

const SERVICE = 8_080;
const PORTS = ['3000', '3001', '3002', '3003'];

/** A host that runs portsentry. */
interface Member {
  readonly host: Host;
  /** The cable from the engine. */
  readonly wire: Link;
}

let lab: Lab;
let engine: Crowdsec;
let members: [Member, Member, Member];

beforeAll(async () => {
  lab = await createLab({ name: 'share' });
  const central = await lab.host('engine');
  const others = [await lab.host('two'), await lab.host('three')];
  const wires: Link[] = [];
  for (const host of [lab.victim, ...others]) wires.push(await lab.link(central, host));
  members = [lab.victim, ...others].map((host, index) => ({
    host,
    wire: wires[index] as Link,
  })) as typeof members;
  // The scanner reaches the others, too, from the same address.
  for (const host of others) {
    const { to } = await lab.link(lab.scanner, host);
    await lab.run(host, ['ip', 'route', 'add', '10.99.0.0/24', 'dev', to.interface]);
    await startService(lab, host, 'http', SERVICE);
  }
  const names = ['one', 'two', 'three'];
  engine = await Crowdsec.start(central, { machines: names, bouncers: names });
});
afterAll(() => lab.close());

const running: LabProcess[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
  await engine.resume();
});

/** Each test has a scanner of its own, because the engine remembers. */
let scanners = 0;
async function newScanner(): Promise<string> {
  const address = `10.99.0.${++scanners + 100}`;
  await comeFrom(lab, address, `fd99::${scanners + 100}`);
  return address;
}

/** Starts portsentry on a member. `more` goes into its configuration. */
async function start({ host, wire }: Member, name: string, more = '', args = ['-tcp']): Promise<LabProcess> {
  writeFile(host, '/etc/portsentry/password', `${name}-password\n`);
  writeFile(host, '/etc/portsentry/key', `${name}-key\n`);
  await lab.run(host, ['chmod', '600', '/etc/portsentry/password', '/etc/portsentry/key']);
  configure(
    host,
    `${more}
TCP_PORTS="${PORTS.join(',')}"
BLOCK_METHOD="nftables"
AUTO_IGNORE="0"
CROWDSEC_URL="http://${wire.from.ipv4}:${LAPI_PORT}"
CROWDSEC_MACHINE="${name}"
CROWDSEC_PASSWORD_FILE="/etc/portsentry/password"
CROWDSEC_KEY_FILE="/etc/portsentry/key"
CROWDSEC_INTERVAL="1s"`,
  );
  return startAgain(host, args);
}

async function startAgain(host: Host, args = ['-tcp']): Promise<LabProcess> {
  const detector = await startDetector(lab, host, args);
  running.push(detector);
  return detector;
}

async function startAll(): Promise<[LabProcess, LabProcess, LabProcess]> {
  const [one, two, three] = members;
  return Promise.all([start(one, 'one'), start(two, 'two'), start(three, 'three')]);
}

/** What a command of portsentry prints on a member. */
async function ask({ host }: Member, ...words: string[]): Promise<string> {
  const { stdout, stderr } = await lab.run(host, [process.execPath, PROGRAM, ...words]);
  return `${stdout}${stderr}`;
}

/** Whether the scanner reaches the service of another member than the first, from the address that the first has seen. */
async function reaches({ host }: Member, scanner: string): Promise<boolean> {
  const { stdout } = await lab.run(host, ['ip', '-4', '-o', 'address', 'show', 'eth1']);
  const address = /inet ([\d.]+)/.exec(stdout)?.[1] as string;
  const command = [
    'curl',
    '--silent',
    '--max-time',
    '1',
    '--interface',
    scanner,
    `http://${address}:${SERVICE}/`,
  ];
  return (await lab.run(lab.scanner, command)).code === 0;
}

/** The targets of the list that a member keeps. */
async function listOf(member: Member): Promise<string[]> {
  const text = await ask(member, 'list', '--list', 'crowdsec', '--json');
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => (JSON.parse(line) as { target: string }).target);
}

function scan(): Promise<unknown> {
  return lab.run(lab.scanner, ['nmap', '-n', '-Pn', '-sT', '-p', PORTS.join(','), lab.wire.to.ipv4]);
}

test('who scans one host is shut out by all; unblock on any of them frees all', async () => {
  const [one, two, three] = members;
  const scanner = await newScanner();
  const [first] = await startAll();
  expect(await reaches(two, scanner)).toBe(true);
  await scan();
  await first.waitForLine(/has been blocked/);
  await eventually(async () => {
    expect(await listOf(two)).toContain(scanner);
    expect(await listOf(three)).toContain(scanner);
  });
  expect(await reaches(two, scanner)).toBe(false);
  expect(await reaches(three, scanner)).toBe(false);
  // What this host has said does not come back to it.
  expect(await listOf(one)).toEqual([]);
  expect(await ask(two, 'why', scanner)).toMatch(
    /in the list crowdsec, ends .*: portsentry\/scan from one\n/,
  );
  expect(await ask(one, 'why', scanner)).toContain(`was told of ${scanner}\n`);
  expect(await engine.alertsOn(scanner)).toMatchObject([
    { machine_id: 'one', decisions: [{ value: scanner, origin: 'portsentry' }] },
  ]);

  expect(await ask(three, 'unblock', scanner)).toMatch(
    /^10\.99\.0\.101 is no longer in the list crowdsec; CrowdSec at \S+ is told\n$/,
  );
  expect(await reaches(three, scanner)).toBe(true);
  await first.waitForLine(/10\.99\.0\.101 was unblocked at CrowdSec/);
  await eventually(async () => expect(await listOf(two)).not.toContain(scanner));
  expect(await reaches(two, scanner)).toBe(true);
  expect(await ask(one, 'list')).not.toContain(scanner);
});

test('an engine that is away for the whole scan is told later, once', async () => {
  const [one, two] = members;
  const scanner = await newScanner();
  const first = await start(one, 'one');
  await engine.stop();
  await start(two, 'two');
  await first.waitForLine(/gives no decisions: .*refused/);
  await scan();
  await first.waitForLine(/has been blocked/);
  await eventually(async () => expect(await ask(one, 'status')).toMatch(/told +0 sources, 1 waiting/));
  // What waits survives the end of the daemon.
  await first.stop();
  await startAgain(one.host);
  expect(await ask(one, 'status')).toMatch(/told +0 sources, 1 waiting/);
  await engine.resume();
  await eventually(async () => expect(await listOf(two)).toContain(scanner));
  expect(await ask(one, 'status')).toMatch(/told +1 source, 0 waiting/);
  expect(await engine.alertsOn(scanner)).toHaveLength(1);
});

test('forged probes are told to nobody', async () => {
  const [one] = members;
  const first = await start(one, 'one', 'TCP_PORTS="4000-4003"', ['-stcp']);
  await lab.run(lab.scanner, [
    'nping',
    '--tcp',
    '--flags',
    'syn',
    '-S',
    '198.51.100.7',
    '-p',
    // Not those that another daemon has held just now.
    '4000-4003',
    '-c',
    '2500',
    '--rate',
    '5000',
    '-q',
    lab.wire.to.ipv4,
  ]);
  await first.waitForLine(/198\.51\.100\.7.* has been blocked/);
  await eventually(async () =>
    expect(await ask(one, 'why', '198.51.100.7')).toMatch(/is not told of it: its probes may be forged/),
  );
  expect(await ask(one, 'status')).toMatch(/told +0 sources, 0 waiting/);
  expect(await engine.alertsOn('198.51.100.7')).toEqual([]);
});

test('share --test says which credential is wrong', async () => {
  const [one] = members;
  await start(one, 'one');
  expect(await ask(one, 'share', '--test')).toMatch(/^CrowdSec at \S+\nok .*\nok .*\n$/);
  writeFile(one.host, '/etc/portsentry/key', 'wrong\n');
  writeFile(one.host, '/etc/portsentry/password', 'wrong\n');
  expect(await ask(one, 'share', '--test')).toBe(
    `CrowdSec at http://${one.wire.from.ipv4}:${LAPI_PORT}
FAIL  It is not told of sources: it refuses the login of one: status 401: incorrect Username or Password.
FAIL  It gives no decisions of other hosts: it refuses this host: status 403: access forbidden.
`,
  );
  expect(readFile(one.host, CONFIG_FILE)).toContain('CROWDSEC_URL');
});

test('an engine of an enemy shuts out nobody whom this host needs, and holds up no block', async () => {
  const [one] = members;
  const { from, to } = one.wire;
  const port = 8_081;
  await lab.run(one.host, ['ip', 'route', 'add', 'default', 'via', from.ipv4]);
  const evil = await lab.start(from.host, [
    process.execPath,
    fileURLToPath(new URL('../support/services/evil-lapi.mjs', import.meta.url)),
    String(port),
    from.ipv4,
    to.ipv4,
  ]);
  running.push(evil);
  await evil.waitForLine(/listening/);
  const scanner = await newScanner();
  const first = await start(one, 'one', `AUTO_IGNORE="1"\nCROWDSEC_URL="http://${from.ipv4}:${port}"`);
  const line = await first.waitForLine(/is left out/);
  expect(line).toMatch(/1 decision \(\?\): scope \? is no address/);
  expect(line).toMatch(/5 decisions \(0\.0\.0\.0\/0\): a network wider than \/8 is no list's/);
  expect(await listOf(one)).toEqual(['192.0.2.66']);
  expect(await ask(one, 'why', '192.0.2.66')).toContain(': [31mevil: x\n');
  await scan();
  await first.waitForLine(new RegExp(`${scanner}.* has been blocked`));
  expect(await ask(one, 'status')).toMatch(/told +0 sources, 1 waiting/);
});
