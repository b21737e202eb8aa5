import { afterEach, beforeEach, expect, test } from 'vitest';
import { answersDuring, answersOf, countAnswers } from '../support/answers.ts';
import { configure, PROGRAM, startDetector } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { startFlood } from '../support/services.ts';

/** The kernel sensor in a flood of forged sources: idle ports stay silent, and every packet is accounted for. */

const CONFIG = 'SENSOR="kernel"\nBLOCK_METHOD="nftables"\nHISTORY_FILE=""';

/** What is flooded; both configurations of the reloads watch it. */
const PORTS = [1_000, 1_999] as const;

const ACTIVE = /^adminalert: PortSentry is now active and listening\.$/;
const READ_AGAIN = /^adminalert: Configuration and ignore file were read again\.$/;

/** What a busy machine may not reach is caught up with. */
const PER_SECOND = 50_000;

let lab: Lab;

beforeEach(async () => {
  lab = await createLab({ name: 'kernel-flood' });
  await countAnswers(lab);
  // The forged sources are beyond the scanner, so that answers to them come out there.
  const route = ['ip', 'route', 'add', 'default', 'via', lab.wire.from.ipv4];
  expect((await lab.run(lab.victim, route)).code).toBe(0);
});
afterEach(() => lab.close());

/** The state of the daemon, as `status --json` shows it. In a flood on a busy machine it may answer too late. */
function statusOfDaemon() {
  return lab.waitFor(async () => {
    const { code, stdout } = await lab.run(lab.victim, [process.execPath, PROGRAM, 'status', '--json']);
    if (code !== 0) return null;
    const { frames, probes, sensor } = JSON.parse(stdout);
    return { frames, probes, ...sensor.kernel };
  });
}

/** The counters of the sensor's table. */
async function counters(): Promise<Record<string, number>> {
  const { stdout } = await lab.run(lab.victim, ['nft', '-j', 'list', 'counters']);
  const { nftables } = JSON.parse(stdout) as {
    nftables: { counter?: { table: string; name: string; packets: number } }[];
  };
  return Object.fromEntries(
    nftables.flatMap(({ counter }) =>
      counter?.table === 'portsentry_sensor' ? [[counter.name, counter.packets]] : [],
    ),
  );
}

const flood = (seconds: number) =>
  startFlood(lab, lab.wire, { perSecond: PER_SECOND, seconds, ports: PORTS });

test('each forged probe is reported, or told as lost; holds that find no room are told', async () => {
  const before = await answersDuring(lab, async () => (await flood(0.1)).ended);
  expect(before, 'without a detector idle ports answer').toBeGreaterThan(0);
  configure(lab.victim, CONFIG);
  const detector = await startDetector(lab, lab.victim);
  const answers = await answersDuring(lab, async () => {
    const sender = await flood(4);
    expect((await sender.ended).stdout).toMatch(/^sent 200000 frames/m);
  });
  expect(answers).toBe(0);
  await detector.waitForLine(/^adminalert: \d+ probes? got no answer but no hold either/);
  // The sum is whole when all that was reported has been read, or was told as lost some seconds later.
  const status = await lab.waitFor(async () => {
    const now = await statusOfDaemon();
    return now.frames + now.lost === now.reported ? now : null;
  });
  const { probes = 0, unreported = 0, shed = 0 } = await counters();
  expect(probes).toBeGreaterThan(100_000);
  // The trial of the start is the one report that is no probe.
  expect(status.reported + unreported).toBe(probes + 1);
  expect(status.unreported).toBe(unreported);
  expect(status.shed).toBe(shed);
  expect(status.held + shed).toBeLessThanOrEqual(probes);
  expect(status.probes).toBeGreaterThanOrEqual(status.frames - 1);
  if (status.lost > 0) expect(detector.output).toMatch(/reports? of the kernel w(as|ere) lost/);
});

test('no answer leaves while a reload changes the ports, and once a restart watches again', async () => {
  const narrow = `${CONFIG}\nADVANCED_PORTS_TCP="2048"`;
  configure(lab.victim, narrow);
  const detector = await startDetector(lab, lab.victim);
  const sender = await flood(Number.POSITIVE_INFINITY);
  const read = () => detector.lines().filter((line) => READ_AGAIN.test(line)).length;
  const answers = await answersDuring(lab, async () => {
    for (let reload = 1; reload <= 10; reload++) {
      configure(lab.victim, reload % 2 === 1 ? CONFIG : narrow);
      detector.signal('SIGHUP');
      await lab.waitFor(() => read() === reload);
    }
  });
  expect(answers, 'while it reloads').toBe(0);
  expect((await statusOfDaemon()).reported, 'counts go on over reloads').toBeGreaterThan(10_000);
  await detector.stop();
  const next = await lab.start(lab.victim, [process.execPath, PROGRAM, '-atcp', '-audp']);
  await next.waitForLine(ACTIVE);
  const from = await answersOf(lab);
  await lab.waitFor(async () => (await statusOfDaemon()).reported > 10_000);
  expect((await answersOf(lab)) - from, 'after the restart').toBe(0);
  await sender.stop();
});
