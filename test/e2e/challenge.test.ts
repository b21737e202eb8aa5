import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  amongDecoys,
  countAtOwner,
  countsAtOwner,
  isProven,
  PROOF_ALONE,
  startChallenger,
  whyOf,
} from '../support/challenge.ts';
import { configure } from '../support/detector.ts';
import { createLab, type Lab, type Link } from '../support/lab.ts';
import type { Host } from '../support/lab-host.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { DECOYS } from '../support/matrix.ts';

/**
 * The coin test with real tools: a short part of bench/challenge.ts. Of 200 ports about 100 are silent, and 24 prove; a
 * scanner that is starved of time, and sends to ports again that were reset, has room for 20 of them. That no answer is
 * sent without CHALLENGE is in kernel-scans.test.ts.
 */

const NMAP = ['nmap', '-n', '-Pn', '-T4', '--top-ports', '200', '--host-timeout', '60s'];

let lab: Lab;
/** The host whose address is forged. It has a cable of its own. */
let owner: Host;
let cable: Link;
let detector: LabProcess;

beforeAll(async () => {
  lab = await createLab({ name: 'challenge' });
  owner = await lab.host('owner');
  cable = await lab.link(owner, lab.victim);
  for (const name of ['all', 'eth0', 'eth1'])
    await lab.run(lab.victim, ['sysctl', '-qw', `net.ipv4.conf.${name}.rp_filter=0`]);
  await countAtOwner(lab, owner);
  detector = await startChallenger(lab);
});
afterAll(() => lab.close());

/** Scans until the source is proven. Once it is blocked nmap waits long for answers. */
async function provenDuring(scan: readonly string[], source: string): Promise<void> {
  const nmap = await lab.start(lab.scanner, scan);
  await lab.waitFor(() => isProven(lab, source));
  nmap.signal('SIGKILL');
  await nmap.ended;
}

test('a half-open scan among five decoys: the scanner is proven and blocked, and no decoy', async () => {
  await provenDuring([...NMAP, '-sS', ...amongDecoys(DECOYS), lab.wire.to.ipv4], lab.wire.from.ipv4);
  for (const decoy of DECOYS) {
    const { source, block } = await whyOf(lab, decoy);
    expect({ block, evidence: source?.evidence }).toEqual({ block: null, evidence: 'spoofable' });
  }
});

test('a scan by connect() over IPv6 is proven, too', async () => {
  await provenDuring([...NMAP, '-6', '-sT', lab.wire.to.ipv6], lab.wire.from.ipv6);
});

test('a forged source is not, however often each port is sent to; its owner gets RSTs and sends nothing', async () => {
  const forged = cable.from.ipv4;
  const hping3 = ['hping3', '-q', '-S', '-a', forged, '-p', '++2000', '-i', 'u2000', '-c', '200'];
  for (let time = 0; time < 3; time++) await lab.run(lab.scanner, [...hping3, lab.wire.to.ipv4]);
  const tested = await lab.waitFor(async () => {
    const { source } = await whyOf(lab, forged);
    return source !== null && source.challenge !== null && source.challenge.bets > 100 ? source : null;
  });
  expect(tested.evidence).toBe('repeated');
  const { resets, sent } = await countsAtOwner(lab, owner);
  expect(sent).toBe(0);
  expect(resets).toBeGreaterThan(0);
  expect(resets).toBeLessThan(200);
});

test('a reload that takes CHALLENGE away forgets the tests, and one that brings it back says what it lacks', async () => {
  const reload = async (settings: string, ended: string) => {
    const from = detector.lines().length;
    configure(lab.victim, settings);
    detector.signal('SIGHUP');
    const since = () => detector.lines().slice(from);
    await lab.waitFor(() => since().some((line) => line.includes(ended)));
    return since().filter((line) => line.includes('CHALLENGE="1" has no effect'));
  };
  const DONE = 'were read again';
  expect(await reload(PROOF_ALONE.replace('CHALLENGE="1"', ''), DONE)).toEqual([]);
  expect((await whyOf(lab, cable.from.ipv4)).source?.challenge).toBeNull();
  expect(await reload(PROOF_ALONE, DONE)).toEqual([]);
  expect(await reload(`${PROOF_ALONE}HOLD="0"\n`, DONE)).toEqual([
    expect.stringContaining(
      'CHALLENGE="1" has no effect: it tests sources that the kernel holds, and HOLD="0" holds none',
    ),
  ]);
});
