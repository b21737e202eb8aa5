/**
 * Measures what notifications cost a block: how much a scanner learns without them, with a receiver that answers, and with one
 * that hangs, so that a message is under way all the time; then how many messages a flood of 50,000 probes a second sends, and
 * how late the daemon's timers are meanwhile. In network namespaces, with the built program; needs root.
 */
import { configure, startDetector } from '../test/support/detector.ts';
import { createLab, type Lab } from '../test/support/lab.ts';
import { order } from '../test/support/orders.ts';
import { startReceiver } from '../test/support/receiver.ts';
import { startFlood, startService } from '../test/support/services.ts';
import { NMAP_AT_200, observe, observeAll, RUNS, SERVICES } from './support/wire.ts';

const FLOOD_MS = 130_000;

const CASES = ['no receiver', 'ok', 'hang'] as const;

for (const sensor of ['kernel', 'packet']) {
  console.log(
    `${sensor} sensor: nmap -sS, 200 a second, 1,000 ports, blocked by nftables; medians of ${RUNS}`,
  );
  for (const mode of CASES) await measure(sensor, mode);
}

for (const tells of [false, true]) await measureFlood(tells);

async function measure(sensor: string, mode: (typeof CASES)[number]): Promise<void> {
  const lab = await createLab({ name: 'notify' });
  try {
    for (const port of SERVICES) await startService(lab, lab.victim, 'tcp-echo', port);
    const receiver = await startReceiver(lab, 8080);
    if (mode !== 'no receiver') receiver.answers(mode);
    const url = mode === 'no receiver' ? '' : 'NOTIFY_URL="http://localhost:8080/x"\n';
    // A command that hangs, too: a message is under way all the time.
    const command = mode === 'hang' ? 'NOTIFY_COMMAND="sleep 4711"\nACTION_TIMEOUT="1h"\n' : '';
    configure(
      lab.victim,
      `${url}${command}SENSOR="${sensor}"\nBLOCK_METHOD="nftables"\nBLOCK_TIME_FACTOR="1"`,
    );
    await startDetector(lab, lab.victim, ['-atcp']);
    if (mode !== 'no receiver') await lab.waitFor(() => receiver.received().length > 0);
    const { ms, answers, services, each } = await observeAll(() => react(lab));
    console.log(
      `  ${mode}: ${ms.toFixed(2)} ms from the first probe to the last answer, ${answers} answers, ` +
        `${services} of ${SERVICES.length} services found (answers of each run: ${each})`,
    );
  } finally {
    await lab.close();
  }
}

/** Runs one scan until it is blocked, then unblocks the source. */
async function react(lab: Lab) {
  const reaction = await observe(lab, [...NMAP_AT_200, lab.wire.to.ipv4]);
  const { stderr, code } = await order(lab, 'unblock', lab.wire.from.ipv4);
  if (code !== 0) throw new Error(`not blocked: ${stderr}`);
  return reaction;
}

/** Each forged source sends two probes, so that its scan would be told of. */
async function measureFlood(tells: boolean): Promise<void> {
  const lab = await createLab({ name: 'notify' });
  try {
    const receiver = await startReceiver(lab, 8080);
    const url = tells ? 'NOTIFY_URL="http://localhost:8080/x"\n' : '';
    configure(lab.victim, `${url}BLOCK_METHOD="nftables"\nHISTORY_FILE=""`);
    const detector = await startDetector(lab, lab.victim, ['-atcp', '-v']);
    const flood = await startFlood(lab, lab.wire, {
      perSecond: 50_000,
      seconds: Number.POSITIVE_INFINITY,
      ports: [1_000, 1_999],
      probes: 2,
    });
    await new Promise((resolve) => setTimeout(resolve, FLOOD_MS));
    flood.signal('SIGKILL');
    const received = receiver.received();
    detector.signal('SIGTERM');
    await detector.ended;
    console.log(
      `a flood of 50,000 probes a second for ${FLOOD_MS / 1_000} s, ${tells ? 'with' : 'without'} NOTIFY_URL: ${received.length} messages`,
    );
    for (const { time, body } of [...received, ...receiver.received().slice(received.length)]) {
      const { title, left_out: leftOut } = JSON.parse(body) as { title: string; left_out: number };
      const after = (time - (received[0]?.time ?? time)) / 1_000;
      console.log(`  after ${after.toFixed(0)} s: ${title.replace(/^.*: /, '')} (${leftOut} only counted)`);
    }
    const [late] = detector.lines().filter((line) => line.includes('timers were late'));
    console.log(`  ${late}`);
  } finally {
    await lab.close();
  }
}
