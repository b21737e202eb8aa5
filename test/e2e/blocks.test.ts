import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { configure, nmap, readFile, startDetector } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { blocksOf, listedBlocks, order, targetsOf } from '../support/orders.ts';
import { startService } from '../support/services.ts';

/** A block from the scan to its end, by every method and for both families, also across restarts and a reboot. */

const SERVICE = 8080;
const METHODS = ['nftables', 'ipset', 'iptables', 'route', 'command'] as const;

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'blocks' });
});
afterEach(() => lab.close());

/** Writes and returns a configuration with this method. STATE_DIR is a folder of the test, so it outlives the lab. */
function configureMethod(method: string, more = ''): string {
  const state = mkdtempSync(join(tmpdir(), 'portsentry-state-'));
  onTestFinished(() => rmSync(state, { recursive: true, force: true }));
  const keys = `BLOCK_METHOD="${method}"
STATE_DIR="${state}"
UNKILL_ROUTE="/sbin/iptables -D INPUT -s $TARGET$ -j DROP"
UNKILL_ROUTE6="/sbin/ip6tables -D INPUT -s $TARGET$ -j DROP"
${more}`;
  configure(lab.victim, keys);
  return keys;
}

type Family = 'ipv4' | 'ipv6';

async function scan(family: Family): Promise<void> {
  const flags = family === 'ipv6' ? ['-6'] : [];
  await nmap(lab, [...flags, '-sS', '-p', '3000-3004', lab.wire.to[family]]);
}

/** Whether the scanner gets an answer from the service. */
async function reaches(family: Family): Promise<boolean> {
  const host = family === 'ipv4' ? lab.wire.to.ipv4 : `[${lab.wire.to.ipv6}]`;
  const command = ['curl', '--silent', '--max-time', '1', `http://${host}:${SERVICE}/`];
  return (await lab.run(lab.scanner, command)).code === 0;
}

const sourceOf = (family: Family) => (family === 'ipv4' ? lab.wire.from.ipv4 : 'fd99::1');

describe.each(['ipv4', 'ipv6'] as const)('over %s', (family) => {
  test.each(METHODS)('%s: scanned, blocked, listed, released', async (method) => {
    await startService(lab, lab.victim, 'http', SERVICE);
    configureMethod(method);
    const detector = await startDetector(lab, lab.victim);
    expect(await reaches(family)).toBe(true);
    await scan(family);
    await detector.waitForLine(/has been blocked via dropped route/);
    expect(await reaches(family)).toBe(false);
    const source = sourceOf(family);
    const [block, ...others] = await listedBlocks(lab);
    expect(others).toEqual([]);
    expect(block).toMatchObject({
      target: source,
      method,
      inForce: method === 'command' ? null : true,
      times: 1,
      kind: 'syn',
      mode: 'atcp',
    });
    const { stdout } = await order(lab, 'list');
    expect(stdout).toMatch(
      new RegExp(
        `^${source} .* ${method} +${method === 'command' ? 'unknown' : 'yes'} +TCP SYN/Normal scan, port 300\\d$`,
        'm',
      ),
    );
    expect((await order(lab, 'unblock', source)).stdout).toContain(`${source} is no longer blocked`);
    expect(await reaches(family)).toBe(true);
    expect(await blocksOf(lab)).toEqual([]);
  });
});

test.each(['nftables', 'ipset', 'iptables', 'route', 'command'])(
  '%s: BLOCK_TIME="3s" ends by itself and not before, and the log says so',
  async (method) => {
    await startService(lab, lab.victim, 'http', SERVICE);
    configureMethod(method, 'BLOCK_TIME="3s"\nEVENT_FILE="/run/events"');
    const detector = await startDetector(lab, lab.victim);
    await scan('ipv4');
    await detector.waitForLine(/has been blocked via dropped route/);
    await lab.waitFor(() => reaches('ipv4'));
    const reached = Date.now();
    const block = readFile(lab.victim, '/run/events')
      .split('\n')
      .find((line) => line.includes('"action":"block"'));
    expect(reached).toBeGreaterThanOrEqual(Date.parse(JSON.parse(block as string).portsentry.until));
    await detector.waitForLine(/^adminalert: Host: 10\.99\.0\.1 is no longer blocked: its time is over$/);
  },
);

test('a second block of the same source lasts BLOCK_TIME_FACTOR times as long', async () => {
  configureMethod('nftables', 'BLOCK_TIME="1h"\nBLOCK_TIME_FACTOR="3"');
  await startDetector(lab, lab.victim);
  const lengths: number[] = [];
  for (const ports of ['3000', '3001']) {
    await nmap(lab, ['-sS', '-p', ports, lab.wire.to.ipv4]);
    const block = await lab.waitFor(async () =>
      (await blocksOf(lab)).find(({ inForce }) => inForce !== false),
    );
    lengths.push((block.until as number) - block.since);
    await order(lab, 'unblock', block.target);
  }
  expect(lengths).toEqual([3_600_000, 3 * 3_600_000]);
});

describe.each(METHODS)('%s', (method) => {
  test('a restart keeps the block, once; BLOCK_ON_EXIT="release" lifts it until the next start', async () => {
    await startService(lab, lab.victim, 'http', SERVICE);
    const keys = configureMethod(method);
    const first = await startDetector(lab, lab.victim);
    await scan('ipv4');
    await first.waitForLine(/has been blocked via dropped route/);
    await first.stop();
    expect(await reaches('ipv4'), 'ended').toBe(false);

    configure(lab.victim, `BLOCK_ON_EXIT="release"\n${keys}`);
    const second = await startDetector(lab, lab.victim);
    expect(await reaches('ipv4'), 'started again').toBe(false);
    expect(await targetsOf(lab)).toEqual([lab.wire.from.ipv4]);
    await second.stop();
    expect(await reaches('ipv4'), 'released').toBe(true);

    await startDetector(lab, lab.victim);
    expect(await reaches('ipv4'), 'due still').toBe(false);
    expect((await blocksOf(lab)).map(({ times }) => times)).toEqual([1]);
  });

  test('a reboot puts it back', async () => {
    const keys = configureMethod(method);
    const detector = await startDetector(lab, lab.victim);
    await scan('ipv4');
    await detector.waitForLine(/has been blocked via dropped route/);
    await lab.close();

    lab = await createLab({ name: 'reboot' });
    await startService(lab, lab.victim, 'http', SERVICE);
    configure(lab.victim, keys);
    expect(await reaches('ipv4'), 'before the start').toBe(true);
    await startDetector(lab, lab.victim);
    expect(await reaches('ipv4'), 'after it').toBe(false);
    expect(await targetsOf(lab)).toEqual([lab.wire.from.ipv4]);
  });
});

test('by hand: blocked for a time with a reason, explained, refused for a spared address', async () => {
  await startService(lab, lab.victim, 'http', SERVICE);
  configureMethod('nftables');
  const detector = await startDetector(lab, lab.victim);
  const { code, stdout } = await order(lab, 'block', '10.99.0.0/31', '--for', '1h', '--why', 'a trial');
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^10\.99\.0\.0\/31 is blocked until /)]);
  await detector.waitForLine(/^adminalert: Host: 10\.99\.0\.0\/31 is blocked by hand until .*: a trial$/);
  expect(await reaches('ipv4')).toBe(false);
  const why = JSON.parse((await order(lab, 'why', '10.99.0.1', '--json')).stdout);
  expect(why).toMatchObject({
    address: '10.99.0.1',
    rule: null,
    block: { target: '10.99.0.0/31', note: 'a trial' },
  });
  expect((await order(lab, 'unblock', '10.99.0.1')).code).not.toBe(0);
  expect((await order(lab, 'unblock', '--all')).code).toBe(0);
  expect(await reaches('ipv4')).toBe(true);

  const refused = await order(lab, 'block', lab.wire.to.ipv4);
  expect([refused.code === 0, refused.stderr]).toEqual([false, expect.stringContaining('own address')]);
});

test('without BLOCK_METHOD and KILL_ROUTE the best method of the host is chosen, and the log says so', async () => {
  configureMethod('nftables');
  const { victim } = lab;
  const state = mkdtempSync(join(tmpdir(), 'portsentry-state-'));
  onTestFinished(() => rmSync(state, { recursive: true, force: true }));
  await lab.run(victim, [
    'sh',
    '-c',
    `printf '%s\\n' 'BLOCK_TCP="1"' 'STATE_DIR="${state}"' > /etc/portsentry/portsentry.conf`,
  ]);
  const detector = await startDetector(lab, victim, ['-atcp']);
  await detector.waitForLine(/^adminalert: Sources are blocked by nftables: the best that this host has\.$/);
  await nmap(lab, ['-sS', '-p', '300', lab.wire.to.ipv4]);
  await detector.waitForLine(/has been blocked via dropped route using command: "nftables"$/);
  expect(await targetsOf(lab)).toEqual([lab.wire.from.ipv4]);
});
