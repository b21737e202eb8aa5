import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { countAnswers } from '../support/answers.ts';
import { ownRelease } from '../support/debian-archive.ts';
import { captureOf, childrenOf, configure, PROGRAM, statusOf } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { withNftOf } from '../support/nft-wrappers.ts';
import { AS_IT_SHOULD, startServices, TCP_SERVICE, Trials, UDP_SERVICE } from '../support/trial.ts';

/** The table of the kernel sensor with the nft of each release, each with its own libraries. */

/** The releases, and whether their nft knows owners of tables. */
const RELEASES = [
  ['bullseye', false],
  ['bookworm', true],
  ['trixie', true],
  ['sid', true],
  ['noble', true],
] as const;

const ACTIVE = /^adminalert: PortSentry is now active and listening\.$/;
const OWNED = /^adminalert: The kernel sensor watches packets where the kernel accepts them; nobody else can/;
const UNOWNED = /^adminalert: The kernel sensor watches .*; its table is checked each second\.$/;
const BACK = /^adminalert: The table of the sensor was gone; it stands again\.$/;
const PACKET =
  /^adminalert: The packet sensor watches captured frames, because the kernel sensor (cannot run|ended): /;

const LOG_ONLY = 'BLOCK_TCP="0"\nBLOCK_UDP="0"';

let lab: Lab;

beforeEach(async () => {
  lab = await createLab({ name: 'nft-versions' });
  await countAnswers(lab, [TCP_SERVICE, UDP_SERVICE]);
  await startServices(lab);
});
afterEach(() => lab.close());

async function start(env: Record<string, string>): Promise<LabProcess> {
  const detector = await lab.start(lab.victim, [process.execPath, PROGRAM, '-atcp', '-audp'], { env });
  await detector.waitForLine(ACTIVE);
  return detector;
}

/** What nft of the environment says. */
async function nft(env: Record<string, string>, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await lab.run(lab.victim, ['nft', ...args], { env });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
}

/** The children of the detector that keep its tables. */
function nftOf(detector: LabProcess): number[] {
  return childrenOf(detector.pid).filter((pid) => statusOf(pid, 'Name') === 'nft');
}

describe.each(RELEASES)('nft of %s', (release, knowsOwners) => {
  test('loads the table, which judges, is put back and is removed', async () => {
    const env = await withNftOf(lab, lab.victim, release);
    console.log(`${release}: ${(await nft(env, '--version')).trim()}`);
    configure(lab.victim, 'SENSOR="kernel"\nBLOCK_METHOD="nftables"');
    const detector = await start(env);
    await detector.waitForLine(knowsOwners ? OWNED : UNOWNED);
    const trials = new Trials(lab, { env });
    expect(await trials.run(detector)).toEqual(AS_IT_SHOULD);
    await nft(env, 'flush', 'ruleset');
    if (knowsOwners) {
      expect(await nft(env, 'list', 'tables')).toContain('portsentry_sensor');
      for (const pid of nftOf(detector)) process.kill(pid, 'SIGKILL');
    }
    await detector.waitForLine(BACK);
    expect(await trials.run(detector)).toEqual(AS_IT_SHOULD);
    await detector.stop();
    expect(await nft(env, 'list', 'tables')).not.toContain('portsentry_sensor');
    expect(detector.output).not.toMatch(/does not work|cannot/);
  });
});

/** A table that somebody made with the nft of another release. */
const OTHERS_TABLE = `
table inet others {
  set ports { type inet_service; elements = { 22, 80 }; }
  set networks { type ipv4_addr; flags interval; elements = { 192.0.2.0/24 }; }
  chain input { type filter hook input priority 0; tcp dport @ports ip saddr @networks counter accept; }
}
`;

describe.each(RELEASES)("a table of the nft of %s, for this machine's nft", (release) => {
  /** Makes the table. Resolves to the signal that ends this machine's nft when it reads it; null for none. */
  async function makeTable(): Promise<NodeJS.Signals | null> {
    await nft(await withNftOf(lab, lab.victim, release), OTHERS_TABLE);
    const { signal } = await lab.run(lab.victim, ['nft', 'list', 'ruleset']);
    console.log(`${ownRelease()}'s nft reads a table of ${release}'s: ${signal ?? 'well'}`);
    return signal;
  }

  /** The kernel sensor judges, or captured frames take its place and the log says why. */
  async function watches(detector: LabProcess, signal: NodeJS.Signals | null): Promise<void> {
    if (signal === null) await detector.waitForLine(OWNED);
    else expect(await detector.waitForLine(PACKET)).toContain(`nft: killed by ${signal}`);
    await lab.waitFor(() => signal === null || captureOf(detector));
    // Capture begins some time after its process.
    await lab.waitFor(async () => {
      const command = ['nmap', '-n', '-Pn', '-sS', '--max-retries', '0', '-p', '3000', lab.wire.to.ipv4];
      await lab.run(lab.scanner, command);
      return detector.output.includes(`from host: ${lab.wire.from.ipv4}/`);
    });
    expect(detector.lines().filter((line) => PACKET.test(line))).toHaveLength(signal === null ? 0 : 1);
  }

  test('it is there when the daemon starts', async () => {
    const signal = await makeTable();
    configure(lab.victim, LOG_ONLY);
    await watches(await start({}), signal);
  });

  test('it comes while the daemon runs', async () => {
    configure(lab.victim, LOG_ONLY);
    const detector = await start({});
    await detector.waitForLine(OWNED);
    await watches(detector, await makeTable());
  });
});
