import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { alertsOf, configure, dropsOf, nmap, startDetector } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { comeFrom } from '../support/matrix.ts';

/** Each scan of nmap, from an address of its own, is recognized and blocked, over both families. */
const SCANS = [
  { option: '-sS', label: 'TCP SYN/Normal scan', protocol: 'TCP' },
  { option: '-sT', label: 'TCP SYN/Normal scan', protocol: 'TCP' },
  { option: '-sF', label: 'TCP FIN scan', protocol: 'TCP' },
  { option: '-sN', label: 'TCP NULL scan', protocol: 'TCP' },
  { option: '-sX', label: 'TCP XMAS scan', protocol: 'TCP' },
  { option: '-sU', label: 'UDP scan', protocol: 'UDP' },
  // Weak ones, logged from the third port on.
  { option: '-sA', label: 'TCP ACK scan', protocol: 'TCP' },
  { option: '-sW', label: 'TCP ACK scan', protocol: 'TCP' },
  { option: '-sM', label: 'TCP Maimon scan', protocol: 'TCP' },
  { option: '-sY', label: 'SCTP INIT scan', protocol: 'SCTP' },
  { option: '-sZ', label: 'SCTP COOKIE-ECHO scan', protocol: 'SCTP' },
  // Protocols that no program here speaks.
  { option: '-sO', label: 'IP protocol scan', protocol: 'IP', ports: '100-102,201-204' },
];

describe.each([
  { family: 'IPv4', address: 'ipv4', length: 32, tables: 'iptables', flags: [] },
  { family: 'IPv6', address: 'ipv6', length: 128, tables: 'ip6tables', flags: ['-6'] },
] as const)('$family', ({ address, length, tables, flags }) => {
  let lab: Lab;
  let detector: LabProcess;
  /** The sources that have scanned so far. */
  const sources: string[] = [];
  beforeAll(async () => {
    lab = await createLab({ name: 'scans' });
    configure(lab.victim);
    detector = await startDetector(lab, lab.victim);
  });
  afterAll(() => lab.close());

  test.each(SCANS)('nmap $option', async ({ option, label, protocol, ports = '3000-3004' }) => {
    const own = { ipv4: `10.99.0.${20 + sources.length}`, ipv6: `fd99::${1000 + sources.length}` };
    await comeFrom(lab, own.ipv4, own.ipv6);
    const source = own[address];
    sources.push(source);
    const before = await dropsOf(lab, lab.victim, tables);
    await nmap(lab, [...flags, option, '-p', ports, lab.wire.to[address]]);
    const blocked = `attackalert: Host ${source} has been blocked via dropped route using command: "/sbin/${tables} -I INPUT -s ${source} -j DROP"`;
    await detector.waitForLine(new RegExp(`^${blocked.replace(/[.$^*+?()[\]{}|\\]/g, '\\$&')}$`));
    const accused = alertsOf(detector).filter((line) => line.includes(' scan from host: '));
    expect(accused.filter((line) => !sources.some((each) => line.includes(`/${each} to `)))).toEqual([]);
    const probes = accused.filter((line) => line.includes(`/${source} to `));
    expect(probes.length).toBeGreaterThan(0);
    for (const line of probes) {
      expect(line).toMatch(/port: (300[0-4]|10[0-2]|20[1-4])$/);
      expect(line.replace(/\d+$/, 'N')).toBe(
        `attackalert: ${label} from host: ${source}/${source} to ${protocol} port: N`,
      );
    }
    const drops = await dropsOf(lab, lab.victim, tables);
    expect(drops).toEqual([`-A INPUT -s ${source}/${length} -j DROP`, ...before]);
  });
});

describe('DETECT', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await createLab({ name: 'detect' });
  });
  afterEach(() => lab.close());

  test('pings are logged when it asks for them, and never blocked', async () => {
    configure(lab.victim, 'DETECT="syn,icmp"');
    const detector = await startDetector(lab, lab.victim);
    await lab.run(lab.scanner, ['nmap', '-n', '-sn', '-PE', '--disable-arp-ping', lab.wire.to.ipv4]);
    const ping = await detector.waitForLine(/^adminalert: ICMP/);
    expect(ping).toBe('adminalert: ICMP request from host: 10.99.0.1/10.99.0.1 of type: 8');
    await nmap(lab, ['-sF', '-p', '3000', lab.wire.to.ipv4]);
    await nmap(lab, ['-sS', '-p', '3000', lab.wire.to.ipv4]);
    await detector.waitForLine(/has been blocked/);
    expect(alertsOf(detector)[0]).toContain('attackalert: TCP SYN/Normal scan');
  });
});

describe('other sets of flags', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab({ name: 'flags' });
  });
  afterAll(() => lab.close());

  test('nmap --scanflags SYNFIN is logged with its flags', async () => {
    configure(lab.victim, 'BLOCK_TCP="0"');
    const detector = await startDetector(lab, lab.victim);
    await nmap(lab, ['-sS', '--scanflags', 'SYNFIN', '-p', '3000', lab.wire.to.ipv4]);
    const line = await detector.waitForLine(/^attackalert: Unknown Type/);
    expect(line).toBe(
      'attackalert: Unknown Type: TCP Packet Flags: SYN: 1 FIN: 1 ACK: 0 PSH: 0 URG: 0 RST: 0 from host: 10.99.0.1/10.99.0.1 to TCP port: 3000',
    );
  });
});

describe('what a scan begins to do after its first ten lines', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await createLab({ name: 'late-kinds' });
  });
  afterEach(() => lab.close());

  test('has a line of its own', async () => {
    configure(lab.victim, 'BLOCK_TCP="0"\nBLOCK_UDP="0"');
    const detector = await startDetector(lab, lab.victim);
    const to = lab.wire.to.ipv4;
    await nmap(lab, ['-sS', '-p', '1000-1039', to]);
    await nmap(lab, ['-sU', '-p', '1007', to]);
    await detector.waitForLine(/^attackalert: UDP scan from host: .* to UDP port: 1007$/);
    await nmap(lab, ['-sX', '-p', '1007', to]);
    await detector.waitForLine(/^attackalert: TCP XMAS scan from host: .* to TCP port: 1007$/);
    await nmap(lab, ['-sS', '--ip-options', 'R', '-p', '1008', to]);
    await detector.waitForLine(/^attackalert: Packet from host: .* to TCP port: 1008 has IP options set/);
    const lines = alertsOf(detector).filter((line) => line.includes(' scan from host: '));
    expect(lines).toHaveLength(13);
  });
});
