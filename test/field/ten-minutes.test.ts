import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { alertsOf, configure, startDetector } from '../support/detector.ts';
import { heldBy, sensorCount } from '../support/held.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { Host } from '../support/lab-host.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { comeFrom } from '../support/matrix.ts';
import { startService } from '../support/services.ts';

/** What shows only after ten minutes of real time. Both tests let the same ten minutes pass. */

const TEN_MINUTES_MS = 600_000;
const SENSOR = 'SENSOR="kernel"\nBLOCK_METHOD="nftables"';

const labs: Lab[] = [];
afterAll(() => Promise.all(labs.map((lab) => lab.close())));

async function makeLab(name: string): Promise<Lab> {
  const lab = await createLab({ name });
  labs.push(lab);
  return lab;
}

async function done(lab: Lab, host: Host, command: readonly string[], output = ''): Promise<void> {
  const { code, stdout, stderr } = await lab.run(host, command);
  expect(stderr).toBe('');
  expect(stdout).toMatch(output);
  expect(code).toBe(0);
}

/** Nobody was accused, held or taken for a scanner; then a real one is blocked at its first probe. */
async function nobodyAccused(lab: Lab, detector: LabProcess): Promise<void> {
  expect(alertsOf(detector)).toEqual([]);
  expect(await heldBy(lab, lab.victim)).toEqual([]);
  expect(await sensorCount(lab, lab.victim, 'probes')).toBe(0);
  await comeFrom(lab, '10.99.0.66', 'fd99::66');
  await lab.run(lab.scanner, ['nmap', '-n', '-Pn', '-sS', '-p', '3000', lab.wire.to.ipv4]);
  await detector.waitForLine(/^attackalert: Host 10\.99\.0\.66 has been blocked/);
}

const AWAY = 8_081;

test.concurrent('a service that is away for ten minutes, with a health checker on it', async () => {
  const lab = await makeLab('away');
  configure(lab.victim, SENSOR);
  const startBoth = () =>
    Promise.all((['tcp-echo', 'udp-echo'] as const).map((name) => startService(lab, lab.victim, name, AWAY)));
  const services = await startBoth();
  const detector = await startDetector(lab, lab.victim);
  await Promise.all(services.map((service) => service.stop()));
  const checker = await lab.start(lab.scanner, ['python3', '-c', CHECKS, lab.wire.to.ipv4, `${AWAY}`]);
  await checker.waitForLine(/^refused/);
  await delay(TEN_MINUTES_MS);
  await startBoth();
  const { stdout } = await checker.ended;
  console.log(`the health checker was ${stdout.trim().split('\n').at(-1)}`);
  expect(stdout).toMatch(/served after [1-9]\d{2} refusals/);
  await nobodyAccused(lab, detector);
});

test.concurrent('published ports: the first client after ten quiet minutes', async () => {
  const lab = await makeLab('quiet');
  const backend = await lab.host('backend');
  const link = await lab.link(lab.victim, backend);
  const { victim } = lab;
  await done(lab, backend, ['ip', 'route', 'add', 'default', 'via', link.from.ipv4]);
  await done(lab, victim, ['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  await done(lab, victim, ['nft', published(link.to.ipv4)]);
  await startService(lab, backend, 'http', 80);
  await startService(lab, backend, 'dns', 53);
  await startService(lab, victim, 'http', 80);
  await startService(lab, victim, 'dns', 5_353);
  configure(victim, SENSOR);
  const detector = await startDetector(lab, victim);
  await delay(TEN_MINUTES_MS);
  const target = lab.wire.to.ipv4;
  let clients = 0;
  const asClient = async (command: readonly string[], output: string) => {
    await comeFrom(lab, `10.99.0.${100 + ++clients}`, `fd99::${100 + clients}`);
    await done(lab, lab.scanner, command, output);
  };
  for (const port of [8_088, 8_089, 80])
    await asClient(['curl', '-sg', '-m30', `http://${target}:${port}/`], 'Nothing to see here');
  for (const port of [5_300, 53])
    await asClient(['dig', '+short', '-p', `${port}`, `@${target}`, 'example.org'], target);
  await nobodyAccused(lab, detector);
});

/** 8088 and 5300 are ports of the backend, 8089 and 53 other ports of this host. */
const published = (backend: string) => `
table ip published {
  chain prerouting {
    type nat hook prerouting priority -100; policy accept
    iif eth0 tcp dport 8088 dnat to ${backend}:80
    iif eth0 udp dport 5300 dnat to ${backend}:53
    iif eth0 tcp dport 8089 redirect to :80
    iif eth0 udp dport 53 redirect to :5353
  }
}
`;

/** Tries a service by TCP and UDP each second, until it is served. */
const CHECKS = `
import socket, sys, time
at = (sys.argv[1], int(sys.argv[2]))
refused = 0
while True:
    with socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.sendto(b'?', at)
    try:
        socket.create_connection(at, timeout=30).close()
    except ConnectionRefusedError:
        refused += 1
        print('refused', flush=True)
    else:
        print('served after', refused, 'refusals')
        break
    time.sleep(1)
`;
