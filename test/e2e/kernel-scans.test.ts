import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answersDuring, countAnswers } from '../support/answers.ts';
import { configure, startDetector } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { comeFrom } from '../support/matrix.ts';

/** With the kernel sensor a scanner learns nothing: no watched idle port answers, whatever is sent and how fast. */

const NMAP = ['nmap', '-n', '-Pn', '--max-retries', '0', '--min-rate', '2000', '--host-timeout', '60s'];
const KERNEL = 'SENSOR="kernel"\nBLOCK_METHOD="nftables"';

/** Weak kinds count from the third port on: the packets before are answered, as those of anybody's late segment are. */
const SCANS = [
  { name: '-sS', args: ['-sS'], most: 0 },
  { name: '-sT', args: ['-sT'], most: 0 },
  { name: '-sN', args: ['-sN'], most: 0 },
  { name: '-sF', args: ['-sF'], most: 0 },
  { name: '-sX', args: ['-sX'], most: 0 },
  { name: '-sU', args: ['-sU'], most: 0 },
  { name: '--scanflags SYNFIN', args: ['-sS', '--scanflags', 'SYNFIN'], most: 0 },
  { name: '--scanflags SYNRSTACK', args: ['-sS', '--scanflags', 'SYNRSTACK'], most: 0 },
  { name: '-sY', args: ['-sY'], most: 0 },
  { name: '-f', args: ['-sS', '-f'], most: 0, isIpv4Only: true },
  { name: '--mtu 8', args: ['-sS', '--mtu', '8'], most: 0, isIpv4Only: true },
  { name: '-sA', args: ['-sA'], most: 3 },
  { name: '-sW', args: ['-sW'], most: 3 },
  { name: '-sM', args: ['-sM'], most: 3 },
];

let lab: Lab;
let detector: LabProcess;
let sources = 0;

beforeAll(async () => {
  lab = await createLab({ name: 'kernel-scans' });
  configure(lab.victim, KERNEL);
  detector = await startDetector(lab, lab.victim);
  await countAnswers(lab);
});
afterAll(() => lab.close());

/** Makes a scan from an address that has sent nothing yet. Resolves to how many answers it got. */
async function scan(
  family: 'ipv4' | 'ipv6',
  command: (target: string, source: string) => readonly string[],
): Promise<number> {
  sources++;
  const source = `10.99.0.${20 + sources}`;
  // Each IPv6 source has a network of its own: the second address of one finds its whole network held.
  await comeFrom(lab, source, `fd99::${1_000 + sources}`);
  return answersDuring(lab, () => lab.run(lab.scanner, command(lab.wire.to[family], source)));
}

describe.each(['ipv4', 'ipv6'] as const)('%s', (family) => {
  const flags = family === 'ipv6' ? ['-6'] : [];
  test.each(SCANS.filter(({ isIpv4Only }) => family === 'ipv4' || !isIpv4Only))(
    'nmap $name of 200 ports gets at most $most answers',
    async ({ args, most }) => {
      const answers = await scan(family, (target) => [...NMAP, ...flags, ...args, '-p', '3000-3199', target]);
      expect(answers).toBeLessThanOrEqual(most);
    },
  );
});

/** What ADVANCED_EXCLUDE_ has by default is not watched, and answers a source that has not probed another port yet. */
test.each([
  ['-sS', '113,139'],
  ['-sU', '67,137,138,520'],
])('nmap %s of all watched ports at full speed gets no answer', async (kind, excluded) => {
  const speed = ['--min-rate', '20000', '--min-parallelism', '100'];
  const ports = ['-p-', '--exclude-ports', excluded];
  const answers = await scan('ipv4', (target) => [...NMAP, ...speed, kind, ...ports, target]);
  expect(answers).toBe(0);
});

test('masscan and hping3 get no answer either, as fast as they can', async () => {
  const router = lab.wire.to.mac.replaceAll(':', '-');
  // masscan waits for ever for answers that do not come.
  const masscan = await scan('ipv4', (target) => [
    ...['timeout', '4', 'masscan', target, '-p', '3000-3199', '--rate', '100000', '--wait', '1'],
    ...['--interface', 'eth0', '--router-mac', router],
  ]);
  const hping3 = await scan('ipv4', (target) => [
    'timeout',
    '2',
    'hping3',
    '-S',
    '--flood',
    '-p',
    '++3000',
    target,
  ]);
  expect({ masscan, hping3 }).toEqual({ masscan: 0, hping3: 0 });
});

test('zmap and masscan get no answer at 100,000 probes a second', async () => {
  // One port of each address is what zmap scans, so the host has a network of them.
  const network = '10.98.0.0/16';
  await lab.run(lab.victim, ['ip', 'route', 'add', 'local', network, 'dev', 'lo']);
  const { mac } = lab.wire.to;
  const received = () =>
    Number(readFileSync(lab.victim.path('/sys/class/net/eth0/statistics/rx_packets'), 'utf8'));
  const before = received();
  const zmap = await scan('ipv4', (_, source) => [
    ...['zmap', '-q', '-p', '3000', '-r', '100000', '-c', '1', '-b', '/dev/null', '-o', '/dev/null'],
    ...['-i', 'eth0', '-S', source, '-G', mac, network],
  ]);
  const between = received();
  expect(between - before, 'all that zmap sends').toBeGreaterThan(65_000);
  await comeFrom(lab, '10.99.0.240', 'fd99::2240');
  const masscan = await answersDuring(lab, async () => {
    const command = ['masscan', network, '-p', '3001', '--rate', '100000', '--interface', 'eth0'];
    const direct = ['--adapter-ip', '10.99.0.240', '--router-mac', mac.replaceAll(':', '-')];
    const process = await lab.start(lab.scanner, [...command, ...direct]);
    // It would wait for ever for answers that do not come.
    await lab.waitFor(() => received() - between > 65_000);
    process.signal('SIGKILL');
    await process.ended;
  });
  expect({ zmap, masscan }).toEqual({ zmap: 0, masscan: 0 });
});

test('of five services none is found once a closed port was probed, and others are served', async () => {
  const ports = [21, 22, 25, 80, 443];
  const server = ports.map((port) => `nc -lk ${port} > /dev/null &`).join(' ');
  await lab.start(lab.victim, ['sh', '-c', `${server} wait`]);
  await lab.waitFor(async () => {
    const { stdout } = await lab.run(lab.victim, ['ss', '-Hltn']);
    return ports.every((port) => stdout.includes(`:${port} `));
  });
  sources++;
  await comeFrom(lab, `10.99.0.${20 + sources}`, `fd99::${1_000 + sources}`);
  await lab.run(lab.scanner, [...NMAP, '-sS', '-p', '3000', lab.wire.to.ipv4]);
  const { stdout } = await lab.run(lab.scanner, [...NMAP, '-sS', '-p', ports.join(','), lab.wire.to.ipv4]);
  expect(stdout).not.toMatch(/\bopen\b/);
  sources++;
  await comeFrom(lab, `10.99.0.${20 + sources}`, `fd99::${1_000 + sources}`);
  const served = await lab.run(lab.scanner, ['nc', '-z', '-w', '5', lab.wire.to.ipv4, '443']);
  expect(served.code).toBe(0);
});

test('every scanner is logged as before, and blocked', async () => {
  const { stdout } = await lab.run(lab.victim, [
    'nft',
    '-j',
    'list',
    'set',
    'inet',
    'portsentry',
    'block4_32',
  ]);
  expect(stdout).toContain('10.99.0.21');
  expect(detector.output).toContain(
    'attackalert: TCP SYN/Normal scan from host: 10.99.0.21/10.99.0.21 to TCP port: 3',
  );
});
