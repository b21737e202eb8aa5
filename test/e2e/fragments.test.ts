import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/net/address.ts';
import {
  alertsOf,
  configurePacketSensor,
  dropsOf,
  nmap,
  readFile,
  startDetector,
  timeOfStart,
} from '../support/detector.ts';
import { fragmentsOf } from '../support/fragments.ts';
import { ethernet, SYN, tcpSegment } from '../support/frames.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { sendFrames } from '../support/services.ts';

/** The block commands write to this file when their rule was there, in seconds. */
const RULE_TIME = '/var/log/rule-time';
const COMMANDS = `
KILL_ROUTE="/sbin/iptables -I INPUT -s $TARGET$ -j DROP && date +%s.%N > ${RULE_TIME}"
KILL_ROUTE6="/sbin/ip6tables -I INPUT -s $TARGET$ -j DROP && date +%s.%N > ${RULE_TIME}"`;

const FRAGMENTS = 'ip[6:2] & 0x3fff != 0 or ip6[6] = 44';

interface Scan {
  readonly name: string;
  readonly label: string;
  readonly family: 'ipv4' | 'ipv6';
  send(lab: Lab): Promise<unknown>;
}

const SCANS: readonly Scan[] = [
  byNmap('TCP SYN/Normal scan', '-sS', '-f'),
  byNmap('TCP SYN/Normal scan', '-sS', '-f', '-f'),
  byNmap('TCP SYN/Normal scan', '-sS', '--mtu', '8'),
  byNmap('TCP XMAS scan', '-sX', '-f'),
  // nmap fragments datagrams only beside a TCP scan; here that has no ports.
  byNmap('UDP scan', '-sS', '-sU', '-f', '--data-length', '40'),
  syn6(8),
  syn6(16),
];

describe('a scan in fragments is recognized and blocked', () => {
  let lab: Lab;
  let detector: LabProcess;
  let wire: LabProcess;
  beforeEach(async () => {
    lab = await createLab({ name: 'fragments' });
    configurePacketSensor(lab.victim, COMMANDS);
    detector = await startDetector(lab, lab.victim);
    wire = await lab.start(lab.victim, [
      'tcpdump',
      '-Z',
      'root',
      '-tt',
      '-l',
      '-n',
      '--immediate-mode',
      FRAGMENTS,
    ]);
    await wire.waitForLine(/listening on/);
  });
  afterEach(() => lab.close());

  test.each(SCANS)('$name', async ({ label, family, send }) => {
    await send(lab);
    const source = String(parseAddress(lab.wire.from[family]));
    await detector.waitForLine(new RegExp(`^attackalert: Host ${source} has been blocked via dropped route`));
    const [probe] = alertsOf(detector);
    expect(probe?.replace(/300[0-4]$/, 'N')).toBe(
      `attackalert: ${label} from host: ${source}/${source} to ${label === 'UDP scan' ? 'UDP' : 'TCP'} port: N`,
    );
    const [tables, length] = family === 'ipv4' ? (['iptables', 32] as const) : (['ip6tables', 128] as const);
    expect(await dropsOf(lab, lab.victim, tables)).toEqual([`-A INPUT -s ${source}/${length} -j DROP`]);

    const seen = Number.parseFloat(await wire.waitForLine(/^\d+\.\d+ IP/));
    const elapsed = (Number.parseFloat(readFile(lab.victim, RULE_TIME)) - seen) * 1_000;
    console.log(`${elapsed.toFixed(1)} ms from the first fragment to the rule`);
    expect(elapsed).toBeGreaterThan(0);
    // The reaction takes less time than the program's start: no timer takes part in it.
    expect(elapsed).toBeLessThan(await timeOfStart(lab));
  });
});

function byNmap(label: string, ...options: string[]): Scan {
  const protocol = label === 'UDP scan' ? 'U' : 'T';
  return {
    name: `nmap ${options.join(' ')}`,
    label,
    family: 'ipv4',
    send: (lab) => nmap(lab, [...options, '-p', `${protocol}:3000-3004`, lab.wire.to.ipv4]),
  };
}

/** nmap fragments nothing over IPv6. */
function syn6(size: number): Scan {
  return {
    name: `a SYN over IPv6 in fragments of ${size} octets`,
    label: 'TCP SYN/Normal scan',
    family: 'ipv6',
    send: (lab) => {
      const { from, to } = lab.wire;
      const ends = { source: from.ipv6, destination: to.ipv6 };
      const segment = tcpSegment({ ...ends, destinationPort: 3000, flags: SYN, payload: new Uint8Array(4) });
      const mac = { source: from.mac, destination: to.mac };
      const frames = fragmentsOf(ends, 6, segment, size).map((packet) => ethernet(packet, mac));
      return sendFrames(lab, lab.scanner, frames);
    },
  };
}
