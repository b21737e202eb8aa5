/**
 * Measures how much a scanner learns before it is blocked: the time from its first probe to the victim's last answer, the
 * ports that answered, and how many of five real services it found. In network namespaces, with the built program,
 * both of its sensors and real scanners; needs root. Arguments name the block method (one that unblocks by itself) and one
 * sensor.
 */
import { configure, startDetector } from '../test/support/detector.ts';
import { createLab, type Lab } from '../test/support/lab.ts';
import { order } from '../test/support/orders.ts';
import { startService } from '../test/support/services.ts';
import {
  NMAP_AT_200,
  NMAP_AT_FULL_SPEED,
  observe,
  observeAll,
  type Reaction,
  RUNS,
  SERVICES,
} from './support/wire.ts';

const METHOD = process.argv[2] ?? 'nftables';

const MASSCAN_PORTS = `${SERVICES.join(',')},3000-3994`;

const SENSORS = process.argv[3] === undefined ? ['kernel', 'packet'] : [process.argv[3]];

for (const sensor of SENSORS) await measureSensor(sensor);

async function measureSensor(sensor: string): Promise<void> {
  const lab = await createLab({ name: 'reaction' });
  try {
    for (const port of SERVICES) await startService(lab, lab.victim, 'tcp-echo', port);
    configure(lab.victim, `SENSOR="${sensor}"\nBLOCK_METHOD="${METHOD}"\nBLOCK_TIME_FACTOR="1"`);
    await startDetector(lab, lab.victim, ['-atcp']);
    const scanned = '1,000 ports and five services';
    console.log(`${sensor} sensor: ${scanned}, blocked by ${METHOD}; medians of ${RUNS}`);
    const { ipv4 } = lab.wire.to;
    await measure(lab, 'nmap -sS at full speed', [...NMAP_AT_FULL_SPEED, ipv4]);
    await measure(lab, 'nmap -sS, 200 a second', [...NMAP_AT_200, ipv4]);
    // Without answers masscan never ends: its receiver waits for a packet.
    const masscan = ['timeout', '--signal=KILL', '9', 'masscan', ipv4, '-p', MASSCAN_PORTS, '--rate', '200'];
    const direct = ['--interface', 'eth0', '--adapter-ip', lab.wire.from.ipv4, '--wait', '1', '--router-mac'];
    const router = lab.wire.to.mac.replaceAll(':', '-');
    await measure(lab, 'masscan, 200 a second', [...masscan, ...direct, router]);
  } finally {
    await lab.close();
  }
}

async function measure(lab: Lab, name: string, scanner: readonly string[]): Promise<void> {
  const { ms, answers, services, each } = await observeAll(() => react(lab, scanner));
  console.log(
    `${name}: ${ms.toFixed(2)} ms from the first probe to the last answer, ` +
      `${answers} answers, ${services} of ${SERVICES.length} services found (answers of each run: ${each})`,
  );
}

/** Runs one scan until it is blocked, then unblocks the source. */
async function react(lab: Lab, scanner: readonly string[]): Promise<Reaction> {
  const reaction = await observe(lab, scanner);
  const { stderr: failure, code: unblocked } = await order(lab, 'unblock', lab.wire.from.ipv4);
  if (unblocked !== 0) throw new Error(`not blocked: ${failure}`);
  return reaction;
}
