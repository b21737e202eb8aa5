/** What is known of a scan beyond its probes, seen live: decoys, slowness, its tool, how easily it is forged. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { alertsOf, configure, dropsOf, nmap, readFile, startDetector } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';

const EVENTS = '/etc/portsentry/events';
const UNDO = 'UNKILL_ROUTE="/sbin/iptables -D INPUT -s $TARGET$ -j DROP"';
const DECOYS = ['203.0.113.7', '198.51.100.23', '192.0.2.9'];

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'knowledge' });
});
afterEach(() => lab.close());

async function start(settings: readonly string[]): Promise<LabProcess> {
  configure(lab.victim, [...settings, `EVENT_FILE="${EVENTS}"`].join('\n'));
  return startDetector(lab, lab.victim);
}

/** The events of one action, each with its source and the fields of portsentry. */
function eventsOf(action: string) {
  const lines = readFile(lab.victim, EVENTS).split('\n').filter(Boolean);
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event.action === action)
    .map(({ source, portsentry }) => ({ source: source.ip as string, ...portsentry }));
}

/** Ends the detector when it has logged this many ports. Resolves to its alerts. */
async function stopAfter(detector: LabProcess, ports: number): Promise<string[]> {
  await lab.waitFor(() => alertsOf(detector).filter((line) => / port: \d+/.test(line)).length >= ports);
  await detector.stop();
  return alertsOf(detector);
}

describe('nmap -D', () => {
  const scan = (options: readonly string[]) => nmap(lab, [...options, lab.wire.to.ipv4]);

  test('decoys are not blocked, but the scanner is when it goes on alone', async () => {
    const detector = await start([UNDO]);
    await scan(['-sS', '-D', [...DECOYS, 'ME'].join(','), '-p', '3000-3029']);
    await detector.waitForLine(
      /^attackalert: Decoys: 2 sources sent the same packet at once to TCP port: 30/,
    );
    await lab.waitFor(async () => (await dropsOf(lab, lab.victim)).length === 0);
    await nmap(lab, ['-sT', '-p', '4000-4009', lab.wire.to.ipv4]);
    await detector.waitForLine(/^attackalert: Host 10\.99\.0\.1 has been blocked via dropped route/);
    expect(await dropsOf(lab, lab.victim)).toEqual(['-A INPUT -s 10.99.0.1/32 -j DROP']);
    const alerts = await stopAfter(detector, 1);
    const [group] = eventsOf('scan').filter(({ scan: { shape } }) => shape === 'decoy');
    expect(group?.scan).toMatchObject({ tool: 'nmap', ports: 30, sources: 3 });
    expect([...group.scan.decoys].sort()).toEqual([...DECOYS].sort());
    expect(alerts.filter((line) => line.includes('Scan by 3 sources ended: '))).toHaveLength(1);
  });

  test('with DECOY_POLICY="block" all are blocked', async () => {
    await start([UNDO, 'DECOY_POLICY="block"']);
    await scan(['-sS', '-D', [...DECOYS, 'ME'].join(','), '-p', '3000-3029']);
    await lab.waitFor(async () => (await dropsOf(lab, lab.victim)).length === 4);
  });
});

test('probes 11 s apart are one slow scan', async () => {
  const detector = await start(['BLOCK_TCP="0"']);
  await nmap(lab, [
    '-sS',
    '--scan-delay',
    '11s',
    '--max-parallelism',
    '1',
    '-p',
    '3000-3003',
    lab.wire.to.ipv4,
  ]);
  const alerts = await stopAfter(detector, 4);
  expect(alerts.at(-1)).toMatch(
    /^attackalert: Scan by 10\.99\.0\.1 ended: 4 probes to 4 ports in \d\d\.\d s \(SYN\), nmap-like, slow; began \S+ \S+; target 10\.99\.0\.2; ports TCP [\d,-]+$/,
  );
  expect(eventsOf('scan')).toMatchObject([{ scan: { shape: 'slow', probes: 4 } }]);
});

describe('the tool of a scan', () => {
  test.each<[string, number, string]>([
    ['nmap', 10, 'nmap -n -Pn --max-retries 0 -sS -p 3000-3009 10.99.0.2'],
    [
      'masscan',
      10,
      'masscan -p3000-3009 10.99.0.2 --interface eth0 --adapter-ip 10.99.0.1 --router-mac 02-99-00-00-00-02 --rate 1000 --wait 1',
    ],
    ['hping3', 10, 'hping3 -S -p ++3000 -c 10 -i u5000 10.99.0.2'],
    [
      'zmap',
      2,
      'for p in 3000 3001; do zmap -q -o /dev/null -p $p -i eth0 -G 02:99:00:00:00:02 -S 10.99.0.1 -b /dev/null -c 1 10.99.0.2/32; done',
    ],
  ])('%s', async (tool, ports, command) => {
    const detector = await start(['BLOCK_TCP="0"', 'LOG_TOOL="1"']);
    // masscan may wait for answers for ever. It ends with the lab.
    await lab.start(lab.scanner, ['sh', '-c', command]);
    await detector.waitForLine(new RegExp(` to TCP port: 300\\d \\(${tool}-like\\)$`));
    const alerts = await stopAfter(detector, ports);
    expect(new Set(eventsOf('probe').map((event) => event.tool))).toEqual(new Set([tool]));
    expect(eventsOf('scan')).toMatchObject([{ source: '10.99.0.1', scan: { tool } }]);
    expect(alerts.at(-1)).toMatch(new RegExp(`^attackalert: Scan by 10\\.99\\.0\\.1 .*, ${tool}-like`));
  });
});

test('BLOCK_SPOOFABLE="0": different probes that can be forged block nobody (fault 23)', async () => {
  await start(['BLOCK_SPOOFABLE="0"']);
  await nmap(lab, ['-sS', '-p', '3000-3019', lab.wire.to.ipv4]);
  const found = () => new Set(eventsOf('probe').map(({ evidence }) => evidence));
  await lab.waitFor(() => found().size > 1);
  expect(found()).toEqual(new Set(['spoofable', 'repeated']));
  expect(await dropsOf(lab, lab.victim)).toEqual([]);
});
