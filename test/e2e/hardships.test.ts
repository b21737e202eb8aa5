import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { childrenOf, configure, startDetector, statusOf } from '../support/detector.ts';
import { ethernet, SYN, tcpPacket } from '../support/frames.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { blocksOf, order, targetsOf } from '../support/orders.ts';
import { sendFrames } from '../support/services.ts';

/** Hardships while the detector blocks: nothing that it has reported is lost, and it goes on. */

/** No limit on the rate of blocks, and decoys are blocked, too. */
const UNLIMITED = 'BLOCK_RATE_MAX="1000000"\nDECOY_POLICY="block"';

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'hardships' });
});
afterEach(() => lab.close());

const sourcesOf = (count: number, network = '11.2') =>
  Array.from({ length: count }, (_, index) => `${network}.${index >> 8}.${index & 0xff}`);

/** Sends a SYN from each of these sources. */
function knock(sources: readonly string[], port = 3000): Promise<void> {
  const frames = sources.map((source) => {
    const packet = tcpPacket({ source, destination: lab.wire.to.ipv4, destinationPort: port, flags: SYN });
    return ethernet(packet, { destination: lab.wire.to.mac });
  });
  return sendFrames(lab, lab.scanner, frames);
}

/** The firewall's program that the detector keeps open. */
function keptOpen(detector: LabProcess, name: string): number | undefined {
  return childrenOf(detector.pid).find((pid) => statusOf(pid, 'Name') === name);
}

/** The single addresses that the kernel drops now. */
async function inKernel(): Promise<Set<string>> {
  const { stdout } = await lab.run(lab.victim, ['nft', 'list', 'set', 'inet', 'portsentry', 'block4_32']);
  return new Set(stdout.match(/\b\d+\.\d+\.\d+\.\d+\b/g));
}

test('nft is killed again and again among 600 blocks: all of them are in force', async () => {
  // Without its nft the kernel sensor would miss probes that come meanwhile.
  configure(lab.victim, `SENSOR="packet"\nBLOCK_METHOD="nftables"\n${UNLIMITED}`);
  const detector = await startDetector(lab, lab.victim);
  const sources = sourcesOf(600);
  for (let first = 0; first < sources.length; first += 100) {
    const sent = knock(sources.slice(first, first + 100));
    const pid = await lab.waitFor(() => keptOpen(detector, 'nft'));
    process.kill(pid, 'SIGKILL');
    await sent;
  }
  await lab.waitFor(async () => (await targetsOf(lab)).length === sources.length);
  const dropped = await inKernel();
  expect(sources.filter((source) => !dropped.has(source))).toEqual([]);
  expect(detector.output).not.toContain('Could not block');
});

test('kill -9 among 1,000 blocks: the next start knows each that was in force, and doubles none', async () => {
  const state = mkdtempSync(join(tmpdir(), 'portsentry-state-'));
  onTestFinished(() => rmSync(state, { recursive: true, force: true }));
  const sources = sourcesOf(1_000);
  configure(lab.victim, `BLOCK_METHOD="nftables"\nSTATE_DIR="${state}"\n${UNLIMITED}`);
  const first = await startDetector(lab, lab.victim);
  const sent = knock(sources);
  await first.waitForLine(/^attackalert: Host 11\.2\.0\.9 has been blocked/);
  first.signal('SIGKILL');
  await Promise.all([first.ended, sent]);
  const before = await inKernel();
  expect(before.size).toBeGreaterThan(0);

  const second = await startDetector(lab, lab.victim);
  const known = new Set(await targetsOf(lab));
  expect([...before].filter((source) => !known.has(source))).toEqual([]);
  expect([...(await inKernel())].sort()).toEqual([...known].sort());
  const told = first
    .lines()
    .flatMap((line) => /^attackalert: Host (\S+) has been blocked/.exec(line)?.[1] ?? []);
  expect(told.filter((source) => !known.has(source))).toEqual([]);
  // It goes on.
  await knock(['11.3.0.1']);
  await second.waitForLine(/^attackalert: Host 11\.3\.0\.1 has been blocked/);
});

test('a full disk under STATE_DIR: blocks work and the log says so; with room again, all is written', async () => {
  const mount = 'mkdir -p /run/state && mount -t tmpfs -o size=64k tmpfs /run/state';
  expect((await lab.run(lab.victim, ['sh', '-c', mount])).code).toBe(0);
  configure(lab.victim, `BLOCK_METHOD="nftables"\nSTATE_DIR="/run/state"\n${UNLIMITED}`);
  const detector = await startDetector(lab, lab.victim);
  await lab.run(lab.victim, ['sh', '-c', 'cat /dev/zero > /run/state/ballast']);
  // As many as fit into the ring of a capture process that gets no turn.
  const sources = sourcesOf(100);
  await knock(sources);
  await detector.waitForLine(/^adminalert: .*\/run\/state\/ledger.*(ENOSPC|no space)/i);
  await lab.waitFor(async () => (await targetsOf(lab)).length === sources.length);
  const { stdout } = await order(lab, 'block', '11.9.0.1');
  expect(stdout).toMatch(/is blocked until .*; but that is not in the ledger, and a restart forgets it: /);

  await lab.run(lab.victim, ['rm', '/run/state/ballast']);
  const durable = async () =>
    (await order(lab, 'doctor', '--json')).stdout.includes('/run/state is written to');
  await lab.waitFor(durable);
  detector.signal('SIGKILL');
  await detector.ended;
  await startDetector(lab, lab.victim);
  expect((await targetsOf(lab)).sort()).toEqual([...sources, '11.9.0.1'].sort());
});

test('the firewall is flushed: the next block brings all of them back', async () => {
  configure(lab.victim, `BLOCK_METHOD="nftables"\n${UNLIMITED}`);
  const detector = await startDetector(lab, lab.victim);
  const sources = sourcesOf(20);
  await knock(sources);
  await lab.waitFor(async () => (await targetsOf(lab)).length === sources.length);
  await lab.run(lab.victim, ['nft', 'flush', 'ruleset']);
  await knock(['11.3.0.1']);
  await detector.waitForLine(
    /^adminalert: Another program took \d+ blocks of nftables away: \d+ are in force again\.$/,
  );
  const all = [...sources, '11.3.0.1'].sort();
  await lab.waitFor(async () => [...(await inKernel())].sort().join() === all.join());
});

test('clients that clog the control socket do not keep the detector from blocking and answering', async () => {
  configure(lab.victim, `BLOCK_METHOD="nftables"\n${UNLIMITED}`);
  const detector = await startDetector(lab, lab.victim);
  const clog = `
    import socket, sys
    clients = []
    for index in range(100):
        client = socket.socket(socket.AF_UNIX)
        client.connect('/run/portsentry/portsentry.sock')
        clients.append(client)
        client.send(b'\\xff\\x00garbage' if index % 2 else b'{"version":1,"command":"list"}' + b'x' * 60000)
    print('clogged', flush=True)
    sys.stdin.read()`.replace(/^ {4}/gm, '');
  const clients = await lab.start(lab.victim, ['python3', '-c', clog]);
  await clients.waitForLine(/^clogged/);
  await knock(['11.3.0.1']);
  await detector.waitForLine(/^attackalert: Host 11\.3\.0\.1 has been blocked/);
  await clients.stop();
  await lab.waitFor(async () => (await order(lab, 'status')).code === 0);
  expect((await blocksOf(lab)).map(({ target }) => target)).toEqual(['11.3.0.1']);
});

test('a KILL_ROUTE that hangs or prints a megabyte is reported as failed, and is no block', async () => {
  configure(lab.victim, 'KILL_ROUTE="sleep 600 # $TARGET$"\nACTION_TIMEOUT="1s"');
  const detector = await startDetector(lab, lab.victim);
  await knock(['11.3.0.1']);
  await detector.waitForLine(/was not blocked via dropped route .*: timed out after 1 s$/);
  configure(lab.victim, 'KILL_ROUTE="yes | head -c 1000000 && exit 4 # $TARGET$"\nACTION_TIMEOUT="60s"');
  detector.signal('SIGHUP');
  await detector.waitForLine(/^adminalert: Configuration and ignore file were read again\.$/);
  await knock(['11.3.0.1'], 3001);
  await detector.waitForLine(/was not blocked via dropped route .*: exit status 4: y/);
  expect(Math.max(...detector.lines().map((line) => line.length))).toBeLessThan(10_000);
  expect(await blocksOf(lab)).toEqual([]);
});

test('a second detector is refused while one runs, and takes nothing from the first', async () => {
  configure(lab.victim, 'BLOCK_METHOD="nftables"');
  const first = await startDetector(lab, lab.victim);
  await knock(['11.3.0.1']);
  await first.waitForLine(/has been blocked/);
  const second = await order(lab, '-atcp');
  expect([second.code, second.stderr]).toEqual([
    69,
    expect.stringMatching(
      /^portsentry: another portsentry \(pid \d+\) answers on .*: give both modes to one process/,
    ),
  ]);
  expect(await targetsOf(lab)).toEqual(['11.3.0.1']);
});
