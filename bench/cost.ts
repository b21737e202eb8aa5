/**
 * Measures what the kernel sensor's table costs honest traffic: new connections a second and bulk throughput both ways,
 * with and without the detector in turns, and how long after its arrival a lone probe is in the log. In network
 * namespaces, with the built program; needs root.
 */
import { configure, startDetector } from '../test/support/detector.ts';
import { ethernet, SYN, tcpPacket } from '../test/support/frames.ts';
import { createLab, type Lab } from '../test/support/lab.ts';
import { sendFrames } from '../test/support/services.ts';
import { median } from './support/measure.ts';
import { firstOnWire } from './support/wire.ts';

const PAIRS = 12;
const BULK_SECONDS = 2;
const CONNECT_SECONDS = 2;
const LONE_PROBES = 30;

const ACCEPTS = `
import socket
listener = socket.create_server(('', 8080), backlog=1024)
print('listening', flush=True)
while True:
    listener.accept()[0].close()
`;

const CONNECTS = `
import socket, sys, time
count, begun = 0, time.monotonic()
while time.monotonic() - begun < ${CONNECT_SECONDS}:
    with socket.socket() as one:
        one.connect((sys.argv[1], 8080))
        one.recv(1)
    count += 1
print(count / (time.monotonic() - begun))
`;

/** The honest traffic, each as a figure that is better when it is higher. */
const HONEST = {
  'new connections a second': connectionsPerSecond,
  'bulk to this host, Gbit/s': (lab: Lab) => bulk(lab, []),
  'bulk from this host, Gbit/s': (lab: Lab) => bulk(lab, ['--reverse']),
} as const;

const lab = await createLab({ name: 'cost' });
try {
  configure(lab.victim, 'SENSOR="kernel"\nBLOCK_METHOD="nftables"');
  await (await lab.start(lab.victim, ['python3', '-c', ACCEPTS])).waitForLine(/^listening/);
  await (await lab.start(lab.victim, ['iperf3', '--server', '--forceflush'])).waitForLine(/listening/);
  await compareHonest();
  await measureLoneProbes();
} finally {
  await lab.close();
}

async function compareHonest(): Promise<void> {
  const ratios = new Map(Object.keys(HONEST).map((name) => [name, [] as number[]]));
  const absolute = new Map(Object.keys(HONEST).map((name) => [name, [] as number[]]));
  for (let pair = 0; pair < PAIRS; pair++) {
    const withFirst = pair % 2 === 0;
    const one = await measureAll(withFirst);
    const other = await measureAll(!withFirst);
    const [guarded, bare] = withFirst ? [one, other] : [other, one];
    for (const [name, figure] of guarded) {
      ratios.get(name)?.push(figure / (bare.get(name) as number));
      absolute.get(name)?.push(figure);
    }
  }
  for (const [name, each] of ratios) {
    const figures = [...each].sort((a, b) => a - b).map((ratio) => ratio.toFixed(2));
    console.log(
      `${name}: ${median(absolute.get(name) ?? []).toFixed(1)} with the kernel sensor, ` +
        `${median(each).toFixed(2)} of those without it (median of ${PAIRS} pairs; ${figures.join(' ')})`,
    );
  }
}

async function measureAll(guarded: boolean): Promise<Map<string, number>> {
  const detector = guarded ? await startDetector(lab, lab.victim) : null;
  const figures = new Map<string, number>();
  for (const [name, measure] of Object.entries(HONEST)) figures.set(name, await measure(lab));
  await detector?.stop();
  return figures;
}

async function connectionsPerSecond(lab: Lab): Promise<number> {
  const { stdout } = await lab.run(lab.scanner, ['python3', '-c', CONNECTS, lab.wire.to.ipv4]);
  return Number(stdout);
}

async function bulk(lab: Lab, direction: readonly string[]): Promise<number> {
  const args = ['--client', lab.wire.to.ipv4, '--time', String(BULK_SECONDS), '--json', ...direction];
  const { stdout } = await lab.run(lab.scanner, ['iperf3', ...args], { timeout: 60_000 });
  return JSON.parse(stdout).end.sum_received.bits_per_second / 1e9;
}

/** From the packet on this host's wire to its line in the log. */
async function measureLoneProbes(): Promise<void> {
  const detector = await startDetector(lab, lab.victim);
  const delays: number[] = [];
  for (let number = 1; number <= LONE_PROBES; number++) {
    const source = `203.0.113.${number}`;
    const packet = tcpPacket({
      source,
      destination: lab.wire.to.ipv4,
      destinationPort: 3000 + number,
      flags: SYN,
    });
    const line = detector.waitForLine(new RegExp(`from host: ${source}/`)).then(nowMs);
    const arrived = firstOnWire(lab, `src host ${source}`, () =>
      sendFrames(lab, lab.scanner, [ethernet(packet, { destination: lab.wire.to.mac })]),
    );
    delays.push((await line) - (await arrived));
  }
  const longest = Math.max(...delays);
  console.log(
    `a lone probe is in the log ${median(delays).toFixed(2)} ms after it came, ${longest.toFixed(2)} ms at most ` +
      `(${LONE_PROBES} probes)`,
  );
  await detector.stop();
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
