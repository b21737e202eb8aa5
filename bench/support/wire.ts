import { openCaptureFile } from '../../src/capture/file/open.ts';
import { Packet } from '../../src/decode/packet.ts';
import { PacketReader } from '../../src/decode/packet-reader.ts';
import { Reason } from '../../src/decode/reason.ts';
import type { Lab } from '../../test/support/lab.ts';
import type { LabProcess } from '../../test/support/lab-process.ts';
import { median } from './measure.ts';

const CAPTURE = '/run/reaction.pcap';

/** How often a scan is repeated. Results are medians. */
export const RUNS = 9;

/** Real services of the victim, among the ports that are scanned. */
export const SERVICES = [22, 25, 80, 443, 3306];

/** nmap's 1,000 most frequent ports, which include the services. */
const NMAP = ['nmap', '-n', '-Pn', '-sS', '--max-retries', '0', '--top-ports', '1000'];
export const NMAP_AT_200 = [...NMAP, '--max-rate', '200', '--min-rate', '200'];
/** Without answers nmap waits a second for each ten ports. What it learns, it has learnt within the time limit. */
export const NMAP_AT_FULL_SPEED = [...NMAP, '--host-timeout', '10s'];

/** How much a scanner learnt before it was blocked. */
export interface Reaction {
  /** Ms from the first probe of a closed port to the last answer; 0 if there was none. */
  readonly ms: number;
  /** Ports that answered, and the services among them. */
  readonly answers: number;
  readonly services: number;
}

/** Runs one scan from the lab's scanner host and returns what it learnt. `filter` passes its packets and the answers. */
export async function observe(lab: Lab, scanner: readonly string[], filter = 'tcp'): Promise<Reaction> {
  const dump = await startDump(lab, filter);
  await lab.run(lab.scanner, scanner, { timeout: 60_000 });
  await dump.stop();
  return readWire(lab);
}

/** Ms since the epoch at which the first packet that `filter` passes was on the victim's wire while `body` ran. */
export async function firstOnWire(lab: Lab, filter: string, body: () => Promise<void>): Promise<number> {
  const dump = await startDump(lab, filter);
  await body();
  await dump.stop();
  const file = await openCaptureFile(lab.victim.path(CAPTURE), () => process.stdin);
  const source = file.read();
  const batch = await source.next();
  const time = batch?.time[0];
  source.close();
  file.close();
  if (time === undefined) throw new Error(`no packet of ${filter} was captured`);
  return time;
}

/** The medians of RUNS scans; `each` has the answers of every scan. */
export async function observeAll(one: () => Promise<Reaction>): Promise<Reaction & { each: string }> {
  const reactions: Reaction[] = [];
  for (let run = 0; run < RUNS; run++) reactions.push(await one());
  const middle = (field: keyof Reaction) => median(reactions.map((reaction) => reaction[field]));
  const each = reactions.map(({ answers }) => answers).join(' ');
  return { ms: middle('ms'), answers: middle('answers'), services: middle('services'), each };
}

/** Starts to capture on the victim's wire. */
async function startDump(lab: Lab, filter: string): Promise<LabProcess> {
  const command = [
    'tcpdump',
    '-Z',
    'root',
    '-i',
    'eth0',
    '-n',
    '-U',
    '--immediate-mode',
    '-s',
    '96',
    '-w',
    CAPTURE,
    filter,
  ];
  const dump = await lab.start(lab.victim, command);
  await dump.waitForLine(/listening on/);
  return dump;
}

/** Reads the dump, which must have ended. */
async function readWire(lab: Lab): Promise<Reaction> {
  const file = await openCaptureFile(lab.victim.path(CAPTURE), () => process.stdin);
  const source = file.read();
  const reader = new PacketReader('any', new Packet());
  let first = Number.NaN;
  let last = Number.NaN;
  const answered = new Set<number>();
  for (let batch = await source.next(); batch !== null; batch = await source.next()) {
    for (let index = 0; index < batch.count; index++) {
      if (reader.readFrame(batch, index) !== Reason.none) continue;
      const { packet } = reader;
      const time = batch.time[index] as number;
      if (packet.source.toString() === lab.wire.to.ipv4) {
        last = time;
        answered.add(packet.sourcePort);
      } else if (Number.isNaN(first) && !SERVICES.includes(packet.destinationPort)) first = time;
    }
  }
  source.close();
  file.close();
  const services = SERVICES.filter((port) => answered.has(port)).length;
  return { ms: Number.isNaN(last) ? 0 : Math.max(0, last - first), answers: answered.size, services };
}
