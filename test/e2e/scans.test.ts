import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/net/address.ts';
import { alertsOf, configure, dropsOf, nmap, startDetector } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';

/** Each scan of nmap, from an address of its own, is seen for what it is and blocked, over both families. */
const SCANS = [
  { option: '-sS', label: 'TCP SYN/Normal scan', protocol: 'TCP' },
  { option: '-sT', label: 'TCP SYN/Normal scan', protocol: 'TCP' },
  { option: '-sF', label: 'TCP FIN scan', protocol: 'TCP' },
  { option: '-sN', label: 'TCP NULL scan', protocol: 'TCP' },
  { option: '-sX', label: 'TCP XMAS scan', protocol: 'TCP' },
  { option: '-sU', label: 'UDP scan', protocol: 'UDP' },
];

describe.each([
  { family: 'IPv4', address: 'ipv4', length: 32, tables: 'iptables', flags: [] },
  { family: 'IPv6', address: 'ipv6', length: 128, tables: 'ip6tables', flags: ['-6'] },
] as const)('$family', ({ address, length, tables, flags }) => {
  let lab: Lab;
  let detector: LabProcess;
  beforeEach(async () => {
    lab = await createLab({ name: 'scans' });
    configure(lab.victim);
    detector = await startDetector(lab, lab.victim);
  });
  afterEach(() => lab.close());

  test.each(SCANS)('nmap $option', async ({ option, label, protocol }) => {
    const source = String(parseAddress(lab.wire.from[address]));
    await nmap(lab, [...flags, option, '-p', '3000-3004', lab.wire.to[address]]);
    const blocked = `attackalert: Host ${source} has been blocked via dropped route using command: "/sbin/${tables} -I INPUT -s ${source} -j DROP"`;
    await detector.waitForLine(new RegExp(`^${blocked.replace(/[.$^*+?()[\]{}|\\]/g, '\\$&')}$`));
    const probes = alertsOf(detector).filter((line) => line.includes(' scan from host: '));
    expect(probes.length).toBeGreaterThan(0);
    for (const line of probes) {
      expect(line).toMatch(/port: 300[0-4]$/);
      expect(line.replace(/\d+$/, 'N')).toBe(
        `attackalert: ${label} from host: ${source}/${source} to ${protocol} port: N`,
      );
    }
    expect(await dropsOf(lab, lab.victim, tables)).toEqual([`-A INPUT -s ${source}/${length} -j DROP`]);
  });
});

describe('other sets of flags', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab({ name: 'flags' });
  });
  afterAll(() => lab.close());

  test('nmap --scanflags SYNFIN is told with its flags', async () => {
    configure(lab.victim, 'BLOCK_TCP="0"');
    const detector = await startDetector(lab, lab.victim);
    await nmap(lab, ['-sS', '--scanflags', 'SYNFIN', '-p', '3000', lab.wire.to.ipv4]);
    const line = await detector.waitForLine(/^attackalert: Unknown Type/);
    expect(line).toBe(
      'attackalert: Unknown Type: TCP Packet Flags: SYN: 1 FIN: 1 ACK: 0 PSH: 0 URG: 0 RST: 0 from host: 10.99.0.1/10.99.0.1 to TCP port: 3000',
    );
  });
});
