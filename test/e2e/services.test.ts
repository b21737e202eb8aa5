import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ethernet, SYN, tcpPacket } from '../support/frames.ts';
import { createLab, type Lab } from '../support/lab.ts';
import {
  clientCommand,
  sendFrames,
  startFlood,
  startService,
  startSniffer,
  startSyslog,
} from '../support/services.ts';

let lab: Lab;

beforeEach(async () => {
  lab = await createLab({ name: 'services' });
});

afterEach(() => lab.close());

describe('the services of the lab', () => {
  it.each([
    ['tcp-echo', 7, 'exec 3<>/dev/tcp/10.99.0.2/7; echo hello >&3; head -1 <&3', 'hello'],
    ['udp-echo', 7, 'exec 3<>/dev/udp/10.99.0.2/7; echo hello >&3; head -1 <&3', 'hello'],
    ['http', 80, 'curl -s http://10.99.0.2/', 'Nothing to see here'],
    ['http', 80, 'curl -sg http://[fd99:0::2]/', 'Nothing to see here'],
    ['dns', 53, 'dig +short +tries=1 @10.99.0.2 example.org', '10.99.0.2'],
  ] as const)('%s on %i answers %s', async (name, port, client, answer) => {
    await startService(lab, lab.victim, name, port);
    const { stdout } = await lab.run(lab.scanner, ['bash', '-c', client]);
    expect(stdout).toContain(answer);
  });

  it.each(['ntp', 'ftp'] as const)('%s serves its client', async (name) => {
    await startService(lab, lab.victim, name);
    const { code, stdout } = await lab.run(lab.scanner, clientCommand(name, '10.99.0.2', '10.99.0.1'));
    expect(code).toBe(0);
    expect(stdout).toContain(name === 'ftp' ? 'RETR file: 30000 octets' : '');
  });

  it('syslog prints the messages', async () => {
    const syslog = await startSyslog(lab, lab.victim);
    await lab.run(lab.victim, ['logger', '--priority', 'daemon.notice', '--tag', 'somebody', 'a message']);
    expect(await syslog.waitForLine(/a message/)).toMatch(/^<29>.*somebody/);
  });
});

it('frames are sent unchanged', async () => {
  const sniffer = await startSniffer(lab, lab.victim, 'tcp');
  const ends = { source: '203.0.113.5', destination: '10.99.0.2' };
  const packet = tcpPacket({ ...ends, destinationPort: 111, flags: SYN, checksum: 0xdead });
  await sendFrames(lab, lab.scanner, [ethernet(packet, { destination: lab.wire.to.mac })]);
  expect((await sniffer.ended).stdout).toContain('cksum 0xdead (incorrect');
});

it('a flood is never ahead of its pace, and loses nothing', async () => {
  const before = await received();
  const flood = await startFlood(lab, lab.wire, { perSecond: 20_000, seconds: 1 });
  const [, seconds] = /in ([\d.]+) s/.exec(await flood.waitForLine(/^sent 20000 frames/)) ?? [];
  expect(Number(seconds)).toBeGreaterThan(0.95);
  expect((await received()) - before).toBeGreaterThanOrEqual(20_000);
});

it('a flood without end goes on until it is stopped', async () => {
  const before = await received();
  const flood = await startFlood(lab, lab.wire, { perSecond: 20_000, seconds: Infinity });
  await lab.waitFor(async () => (await received()) - before > 65_000);
  expect(flood.outcome).toBeNull();
  expect((await flood.stop()).signal).toBe('SIGTERM');
});

async function received(): Promise<number> {
  const { stdout } = await lab.run(lab.victim, ['cat', '/sys/class/net/eth0/statistics/rx_packets']);
  return Number(stdout);
}
