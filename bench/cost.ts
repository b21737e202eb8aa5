/**
 * Measures what the kernel sensor's table costs honest traffic: new connections a second and bulk throughput both ways,
 * with and without the detector in turns, and how long after its arrival a lone probe is in the log. The worst case
 * watches every port on a link that puts no packets together (GRO, TSO). In network namespaces, with the built program;
 * needs root. An argument names one part: `usual`, `worst` or `lone`.
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

const BASE = 'SENSOR="kernel"\nBLOCK_METHOD="nftables"';
/** As shipped: the ports below 1024. */
const USUAL_PORTS = 'ADVANCED_PORTS_TCP="1024"\nADVANCED_PORTS_UDP="1024"';
/** Every port, none is excluded. */
const ALL_PORTS =
  'ADVANCED_PORTS_TCP="65536"\nADVANCED_PORTS_UDP="65536"\nADVANCED_EXCLUDE_TCP=""\nADVANCED_EXCLUDE_UDP=""';

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

/** What is measured, by its name on the command line. */
const PARTS: Readonly<Record<string, (lab: Lab) => Promise<void>>> = {
  usual: (lab) => compareHonest(lab, 'the ports below 1024', USUAL_PORTS),
  worst: measureWorstCase,
  lone: measureLoneProbes,
};

for (const [name, part] of Object.entries(PARTS)) {
  if (process.argv[2] !== undefined && process.argv[2] !== name) continue;
  const lab = await createLab({ name: 'cost' });
  try {
    await (await lab.start(lab.victim, ['python3', '-c', ACCEPTS])).waitForLine(/^listening/);
    await (await lab.start(lab.victim, ['iperf3', '--server', '--forceflush'])).waitForLine(/listening/);
    await part(lab);
  } finally {
    await lab.close();
  }
}

async function measureWorstCase(lab: Lab): Promise<void> {
  for (const host of [lab.scanner, lab.victim]) {
    const features = ['gro', 'gso', 'tso'].flatMap((name) => [name, 'off']);
    const { code, stderr } = await lab.run(host, ['ethtool', '-K', 'eth0', ...features]);
    if (code !== 0) throw new Error(`ethtool: ${stderr}`);
  }
  await compareHonest(lab, 'every port, without GRO and TSO', ALL_PORTS);
}

async function compareHonest(lab: Lab, what: string, ports: string): Promise<void> {
  configure(lab.victim, `${BASE}\n${ports}`);
  console.log(`watched: ${what}`);
  const ratios = new Map(Object.keys(HONEST).map((name) => [name, [] as number[]]));
  const absolute = new Map(Object.keys(HONEST).map((name) => [name, [] as number[]]));
  for (let pair = 0; pair < PAIRS; pair++) {
    const withFirst = pair % 2 === 0;
    const one = await measureAll(lab, withFirst);
    const other = await measureAll(lab, !withFirst);
    const [guarded, bare] = withFirst ? [one, other] : [other, one];
    for (const [name, figure] of guarded) {
      ratios.get(name)?.push(figure / (bare.get(name) as number));
      absolute.get(name)?.push(figure);
    }
  }
  for (const [name, each] of ratios) {
    const figures = [...each].sort((a, b) => a - b).map((ratio) => ratio.toFixed(2));
    console.log(
      `  ${name}: ${median(absolute.get(name) ?? []).toFixed(1)} with the kernel sensor, ` +
        `${median(each).toFixed(2)} of those without it (median of ${PAIRS} pairs; ${figures.join(' ')})`,
    );
  }
}

async function measureAll(lab: Lab, guarded: boolean): Promise<Map<string, number>> {
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
async function measureLoneProbes(lab: Lab): Promise<void> {
  configure(lab.victim, BASE);
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
