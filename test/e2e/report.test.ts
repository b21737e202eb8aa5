/** The report of events that a daemon wrote about real scans, while it runs, through a rotation, and after its end. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { alertsOf, configure, nmap, PROGRAM, readFile, startDetector } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';

const EVENTS = '/etc/portsentry/events';

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'report' });
});
afterEach(() => lab.close());

async function report(...options: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await lab.run(lab.victim, [process.execPath, PROGRAM, 'report', '--json', ...options]);
  return JSON.parse(stdout);
}

test('two scans, a block, and logrotate between them', async () => {
  configure(lab.victim, `BLOCK_METHOD="nftables"\nBLOCK_TCP="1"\nEVENT_FILE="${EVENTS}"`);
  const detector = await startDetector(lab, lab.victim);
  await nmap(lab, ['-sS', '-p', '3000-3039', lab.wire.to.ipv4]);
  await detector.waitForLine(/^attackalert: Host 10\.99\.0\.1 has been blocked/);
  // Its scan goes on, so its probes are known one by one alone.
  const running = await report();
  expect(running).toMatchObject({ scans: 0, sources: { count: 1 }, blocks: { made: 1 } });
  await lab.run(lab.victim, ['sh', '-c', `mv ${EVENTS} ${EVENTS}.1 && gzip ${EVENTS}.1`]);
  await nmap(lab, ['-6', '-sS', '-p', '3100-3119', lab.wire.to.ipv6]);
  await lab.waitFor(() => alertsOf(detector).some((line) => / port: 31\d\d/.test(line)));
  await detector.stop();
  const scans = readFile(lab.victim, EVENTS)
    .split('\n')
    .filter((line) => line.includes('"action":"scan"'))
    .map((line) => JSON.parse(line));
  const probes = scans.reduce((sum, { portsentry }) => sum + portsentry.scan.probes, 0);
  const all = await report();
  expect(all).toMatchObject({ probes, scans: scans.length, sources: { count: 2 }, bad_lines: 0 });
  expect(all.files).toEqual([`${EVENTS}.1.gz`, EVENTS]);
  expect(all.top_sources).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        source: '10.99.0.1',
        outcome: expect.objectContaining({ what: 'block', method: 'nftables' }),
      }),
    ]),
  );
  const { stdout } = await lab.run(lab.victim, [process.execPath, PROGRAM, 'report', '--html', '-']);
  expect(stdout).toContain(`<dt>Probes</dt><dd>${probes}</dd>`);
});
