import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  captureOf,
  childrenOf,
  configure,
  nmap,
  PROGRAM,
  readFile,
  startDetector,
  statOf,
  statusOf,
} from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { startFlood } from '../support/services.ts';

/** The processes between a probe and its block run before others, but not in a flood. */

/** The policies of sched(7), by their numbers. */
const USUAL = 0;
const ROUND_ROBIN = 2;
const BATCH = 3;

/** Indexes in /proc/PID/stat, from the field behind the process's name. */
const PRIORITY = 37;
const POLICY = 38;

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'haste' });
});
afterEach(() => lab.close());

/** A field by its index; NaN when the process is gone. */
const fieldOf = (pid: number, field: number) => Number(statOf(pid)[field]);

test('all three processes are hurried, but not in a flood, nor are the programs that they start', async () => {
  configure(
    lab.victim,
    'BLOCK_METHOD="nftables"\nKILL_RUN_CMD="chrt -p $$ > /run/policy; nice >> /run/policy"',
  );
  const detector = await startDetector(lab, lab.victim, ['-atcp']);
  const children = () => childrenOf(detector.pid);
  const processes = () => [
    detector.pid,
    captureOf(detector) as number,
    children().find((pid) => statusOf(pid, 'Name') === 'nft') as number,
  ];
  const policies = () => processes().map((pid) => fieldOf(pid, POLICY));
  const all = (policy: number) => () => policies().every((each) => each === policy);
  await lab.waitFor(all(ROUND_ROBIN));
  const changers = children().filter((pid) => fieldOf(pid, PRIORITY) === 2);
  expect(changers.map((pid) => statusOf(pid, 'Name'))).toEqual(['sh']);

  await nmap(lab, ['-sS', '-p', '3000', lab.wire.to.ipv4]);
  await detector.waitForLine(/External command run/);
  expect(readFile(lab.victim, '/run/policy')).toMatch(/policy: SCHED_OTHER\n.*priority: 0\n0\n$/);

  const flood = await startFlood(lab, lab.wire, { perSecond: 50_000, seconds: Infinity });
  await lab.waitFor(all(USUAL));
  await flood.stop();
  await lab.waitFor(all(ROUND_ROBIN));

  // A new capture process is hurried, too.
  process.kill(captureOf(detector) as number, 'SIGKILL');
  await lab.waitFor(() => captureOf(detector) !== undefined && all(ROUND_ROBIN)());

  expect((await detector.stop()).code).toBe(0);
  expect(changers.map((pid) => statusOf(pid, 'Name'))).toEqual([undefined]);
});

test('nothing is hurried when sources are only logged', async () => {
  configure(lab.victim, 'BLOCK_TCP="0"\nBLOCK_UDP="0"');
  const detector = await startDetector(lab, lab.victim, ['-atcp']);
  await nmap(lab, ['-sS', '-p', '3000', lab.wire.to.ipv4]);
  await detector.waitForLine(/to TCP port: 3000/);
  expect([detector.pid, captureOf(detector) as number].map((pid) => fieldOf(pid, POLICY))).toEqual([
    USUAL,
    USUAL,
  ]);
});

test.each([
  ['a lower priority', ['nice', '-n', '5'], USUAL],
  ['another policy', ['chrt', '--batch', '0'], BATCH],
  ['a process without the right to another one', ['setpriv', '--bounding-set=-sys_nice'], USUAL],
])('%s stays as it is', async (_name, chosen, policy) => {
  configure(lab.victim, 'BLOCK_METHOD="nftables"');
  const detector = await lab.start(lab.victim, [...chosen, process.execPath, PROGRAM, '-atcp']);
  await detector.waitForLine(/is now active and listening/);
  await nmap(lab, ['-sS', '-p', '3000', lab.wire.to.ipv4]);
  await detector.waitForLine(/has been blocked/);
  const processes = [detector.pid, captureOf(detector) as number];
  expect(processes.map((pid) => fieldOf(pid, POLICY))).toEqual([policy, policy]);
});
