/**
 * Measures what the kernel sensor's table costs honest traffic: new connections a second and bulk throughput both ways,
 * with and without the detector in turns, and how long after its arrival a lone probe is in the log. The worst case
 * watches every port on a link that puts no packets together (GRO, TSO). In network namespaces, with the built program;
 * needs root. An argument names one part: `usual`, `worst` or `lone`.
 */
import { configure, cpuTicksOf, startDetector } from '../test/support/detector.ts';
import { ethernet, SYN, tcpPacket } from '../test/support/frames.ts';
import { createLab, type Lab } from '../test/support/lab.ts';
import type { LabProcess } from '../test/support/lab-process.ts';
import { sendFrames } from '../test/support/services.ts';
import { median } from './support/measure.ts';
import { firstOnWire } from './support/wire.ts';

const PAIRS = 12;
const BULK_SECONDS = 2;
const CONNECT_SECONDS = 2;
const LONE_PROBES = 30;

/** Clock ticks a second in /proc/PID/stat; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

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
import resource, socket, sys, time
count, begun = 0, time.monotonic()
while time.monotonic() - begun < ${CONNECT_SECONDS}:
    with socket.socket() as one:
        one.connect((sys.argv[1], 8080))
        one.recv(1)
    count += 1
used = resource.getrusage(resource.RUSAGE_SELF)
print(count, time.monotonic() - begun, used.ru_utime + used.ru_stime)
`;

/** A rate that is better when it is higher, and the processor seconds of both ends for each unit. */
interface Figure {
  readonly rate: number;
  readonly secondsPerUnit: number;
}

/** The honest traffic. `acceptor` takes the new connections. */
const HONEST: Readonly<Record<string, (lab: Lab, acceptor: LabProcess) => Promise<Figure>>> = {
  'new connections a second': connectionsPerSecond,
  'bulk to this host, Gbit/s': (lab) => bulk(lab, []),
  'bulk from this host, Gbit/s': (lab) => bulk(lab, ['--reverse']),
};

/** What is measured, by its name on the command line. */
const PARTS: Readonly<Record<string, (lab: Lab, acceptor: LabProcess) => Promise<void>>> = {
  usual: (lab, acceptor) => compareHonest(lab, acceptor, 'the ports below 1024', USUAL_PORTS),
  worst: measureWorstCase,
  lone: measureLoneProbes,
};

for (const [name, part] of Object.entries(PARTS)) {
  if (process.argv[2] !== undefined && process.argv[2] !== name) continue;
  const lab = await createLab({ name: 'cost' });
  try {
    const acceptor = await lab.start(lab.victim, ['python3', '-c', ACCEPTS]);
    await acceptor.waitForLine(/^listening/);
    await (await lab.start(lab.victim, ['iperf3', '--server', '--forceflush'])).waitForLine(/listening/);
    await part(lab, acceptor);
  } finally {
    await lab.close();
  }
}

async function measureWorstCase(lab: Lab, acceptor: LabProcess): Promise<void> {
  for (const host of [lab.scanner, lab.victim]) {
    const features = ['gro', 'gso', 'tso'].flatMap((name) => [name, 'off']);
    const { code, stderr } = await lab.run(host, ['ethtool', '-K', 'eth0', ...features]);
    if (code !== 0) throw new Error(`ethtool: ${stderr}`);
  }
  await compareHonest(lab, acceptor, 'every port, without GRO and TSO', ALL_PORTS);
}

async function compareHonest(lab: Lab, acceptor: LabProcess, what: string, ports: string): Promise<void> {
  configure(lab.victim, `${BASE}\n${ports}`);
  console.log(`watched: ${what}; with the kernel sensor and without it, ${PAIRS} pairs`);
  const pairs: { guarded: Map<string, Figure>; bare: Map<string, Figure> }[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const withFirst = pair % 2 === 0;
    const one = await measureAll(lab, acceptor, withFirst);
    const other = await measureAll(lab, acceptor, !withFirst);
    pairs.push(withFirst ? { guarded: one, bare: other } : { guarded: other, bare: one });
  }
  for (const name of Object.keys(HONEST)) {
    const of = (figures: Map<string, Figure>) => figures.get(name) as Figure;
    const rates = pairs.map(({ guarded, bare }) => of(guarded).rate / of(bare).rate);
    // What another program of this machine takes changes the rate, but hardly the processor time for each unit.
    const costs = pairs.map(({ guarded, bare }) => of(bare).secondsPerUnit / of(guarded).secondsPerUnit);
    console.log(
      `  ${name}: ${median(pairs.map(({ guarded }) => of(guarded).rate)).toFixed(1)} with it, ` +
        `${listed(rates)} of the rate without it; by processor time for each unit ${listed(costs)}`,
    );
  }
}

/** The median, and all values in order. */
function listed(values: readonly number[]): string {
  const each = [...values].sort((a, b) => a - b).map((value) => value.toFixed(2));
  return `${median(values).toFixed(2)} (${each.join(' ')})`;
}

async function measureAll(lab: Lab, acceptor: LabProcess, guarded: boolean): Promise<Map<string, Figure>> {
  const detector = guarded ? await startDetector(lab, lab.victim) : null;
  const figures = new Map<string, Figure>();
  for (const [name, measure] of Object.entries(HONEST)) figures.set(name, await measure(lab, acceptor));
  await detector?.stop();
  return figures;
}

async function connectionsPerSecond(lab: Lab, acceptor: LabProcess): Promise<Figure> {
  const before = cpuTicksOf(acceptor.pid);
  const { stdout } = await lab.run(lab.scanner, ['python3', '-c', CONNECTS, lab.wire.to.ipv4]);
  const accepting = (cpuTicksOf(acceptor.pid) - before) / TICKS_PER_SECOND;
  const [count, seconds, connecting] = stdout.split(' ').map(Number) as [number, number, number];
  return { rate: count / seconds, secondsPerUnit: (accepting + connecting) / count };
}

async function bulk(lab: Lab, direction: readonly string[]): Promise<Figure> {
  const args = ['--client', lab.wire.to.ipv4, '--time', String(BULK_SECONDS), '--json', ...direction];
  const { stdout } = await lab.run(lab.scanner, ['iperf3', ...args], { timeout: 60_000 });
  const { sum_received: received, cpu_utilization_percent: used } = JSON.parse(stdout).end;
  const rate = received.bits_per_second / 1e9;
  return { rate, secondsPerUnit: (used.host_total + used.remote_total) / 100 / rate };
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
