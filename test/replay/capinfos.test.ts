import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CAPTURE_NAMES, capturePath } from '../support/golden.ts';
import { FIXTURE_OPTIONS, replayWith } from '../support/replay-in-process.ts';

/** What capinfos says of a file. Times are in seconds since the epoch. */
interface Facts {
  readonly encapsulation: string;
  readonly packets: number;
  readonly first: number;
  readonly last: number;
}

/** The names of Wireshark for the link types of the fixtures. */
const ENCAPSULATIONS: Readonly<Record<string, string>> = {
  ETHERNET: 'ether',
  LINUX_SLL: 'linux-sll',
  LINUX_SLL2: 'linux-sll2',
  RAW: 'rawip',
};

const facts = new Map<string, Facts>();
/** For each file its frames that are not IP, as tshark sees them. */
const notIp = new Map<string, number>();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portsentry-capinfos-'));
  const paths = CAPTURE_NAMES.map(capturePath);
  const table = run('capinfos', '-TrmQ', '-E', '-c', '-u', '-a', '-e', '-S', ...paths);
  for (const [index, line] of table.trim().split('\n').entries()) {
    const [, encapsulation = '', packets, , first, last] = line
      .split(',')
      .map((cell) => cell.replaceAll('"', ''));
    const name = CAPTURE_NAMES[index] as string;
    facts.set(name, { encapsulation, packets: Number(packets), first: Number(first), last: Number(last) });
  }
  // One after the other in one file, because most of a run of tshark is its start.
  const all = join(folder, 'all.pcapng');
  run('mergecap', '-a', '-F', 'pcapng', '-w', all, ...paths);
  const protocols = run('tshark', '-n', '-r', all, '-T', 'fields', '-e', 'frame.protocols').split('\n');
  for (const name of CAPTURE_NAMES) {
    const own = protocols.splice(0, facts.get(name)?.packets);
    notIp.set(name, own.filter((text) => !/(^|:)ip(v6)?(:|$)/.test(text)).length);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

test.each(CAPTURE_NAMES)('capinfos and tshark agree with the summary of %s', async (name) => {
  const options = { ...FIXTURE_OPTIONS, format: 'none', summary: 'json' } as const;
  const { lines } = await replayWith(0, [capturePath(name)], options);
  const summary = JSON.parse(lines[0] as string);
  const { encapsulation, packets, first, last } = facts.get(name) as Facts;
  expect(Object.keys(summary.link_types).map((type) => ENCAPSULATIONS[type])).toEqual([encapsulation]);
  expect(Object.values(summary.link_types)).toEqual([packets]);
  expect(summary.packets).toBe(packets);
  expect(summary.first).toBe(new Date(Math.floor(first * 1_000 + 1e-4)).toISOString());
  expect(summary.last).toBe(new Date(Math.floor(last * 1_000 + 1e-4)).toISOString());
  expect(summary.length_ms).toBeCloseTo((last - first) * 1_000, 2);
  expect(summary.left_out['not IP'] ?? 0).toBe(notIp.get(name));
});
