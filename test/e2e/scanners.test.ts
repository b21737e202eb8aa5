import { afterAll, beforeAll, expect, test } from 'vitest';
import { configure, nmap, readFile, startDetector } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { comeFrom } from '../support/matrix.ts';
import { order } from '../support/orders.ts';

/** `portsentry scanners`: who scanned, from the daemon and from the events of a daemon that has ended. */

const EVENTS = '/var/log/portsentry.json';
const FIRST = '10.99.0.21';
const SECOND = '10.99.0.22';

let lab: Lab;
let detector: LabProcess;
beforeAll(async () => {
  lab = await createLab({ name: 'scanners' });
  configure(lab.victim, `BLOCK_METHOD="nftables"\nEVENT_FILE="${EVENTS}"\nBLOCK_TIME="10m"`);
  detector = await startDetector(lab, lab.victim);
});
afterAll(() => lab.close());

async function scan(source: string, ports: string): Promise<void> {
  await comeFrom(lab, source, `fd99::${source.slice(-2)}`);
  await nmap(lab, ['-sS', '-p', ports, lab.wire.to.ipv4]);
}

async function rows(...options: string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout } = await order(lab, 'scanners', '--json', ...options);
  expect(code).toBe(0);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

test('a source that scans now: everything that is known of it, and what was done', async () => {
  await scan(FIRST, '2000-2020');
  await lab.waitFor(async () => (await rows())[0]?.done === 'blocked');
  const [row] = await rows();
  expect(row).toMatchObject({ source: FIRST, kinds: ['syn'], tool: 'nmap', target: FIRST, rule: null });
  expect(Date.parse(row?.until as string) - Date.parse(row?.lastSeen as string)).toBeGreaterThan(500_000);
  const table = (await order(lab, 'scanners')).stdout;
  expect(table).toMatch(/^SOURCE +FIRST +LAST +PROBES +PORTS +KINDS +TOOL +SHAPE +DONE$/m);
  expect(table).toMatch(new RegExp(`^${FIRST} .* syn +nmap +\\w+ +blocked, ends in 9 min`, 'm'));
  await scan(SECOND, '3000-3001');
  await lab.waitFor(async () => (await rows()).length === 2);
  expect((await rows('--sort', 'ports', '--limit', '1')).map(({ source }) => source)).toEqual([FIRST]);
  expect((await rows('--sort', 'last')).map(({ source }) => source)).toEqual([SECOND, FIRST]);
});

test('without the daemon its events say the same, and one line says so', async () => {
  const before = await rows('--sort', 'source');
  await detector.stop();
  await lab.waitFor(() => readFile(lab.victim, EVENTS).match(/"action":"scan"/g)?.length === 2);
  const { code, stdout, stderr } = await order(lab, 'scanners', '--json', '--sort', 'source');
  expect(code).toBe(0);
  expect(stderr).toMatch(/^portsentry: no portsentry answers on .*; these are the sources of EVENT_FILE\n$/);
  const after = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const numbers = ({ source, probes, ports, kinds, tool, shape, done, until }: Record<string, unknown>) => ({
    source,
    probes,
    ports,
    kinds,
    tool,
    shape,
    done,
    until,
  });
  expect(after.map(numbers)).toEqual(before.map(numbers));
});

test('a new daemon and the events of the one before: each source once, its probes added up', async () => {
  const [before] = await rows('--sort', 'source');
  await order(lab, 'unblock', FIRST);
  detector = await startDetector(lab, lab.victim);
  await order(lab, 'unblock', FIRST);
  await scan(FIRST, '2000');
  await lab.waitFor(
    async () => ((await rows('--sort', 'source'))[0]?.probes as number) > (before?.probes as number),
  );
  const both = await rows('--sort', 'source');
  expect(both.map(({ source }) => source)).toEqual([FIRST, SECOND]);
  const why = JSON.parse((await order(lab, 'why', FIRST, '--json')).stdout);
  const probes = (before?.probes as number) + why.source.probes;
  expect(both[0]).toMatchObject({ probes, firstSeen: before?.firstSeen, lastSeen: why.source.lastSeen });
  expect(await rows('--since', '2020-01-01')).toHaveLength(2);
  const later = new Date(Date.parse(why.source.lastSeen) + 1).toISOString();
  expect(await rows('--since', later)).toEqual([]);
});
