import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { writePcap } from '../support/capture-writer.ts';
import { ethernet, SYN, tcpPacket } from '../support/frames.ts';
import { CAPTURE_NAMES, goldenPath, relativePath } from '../support/golden.ts';
import { FIXTURE_OPTIONS, replayWith } from '../support/replay-in-process.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portsentry-extract-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

/** The events of a replay, without the places that another file has. */
async function eventsOf(files: readonly string[], options: object): Promise<unknown[]> {
  const { lines } = await replayWith(0, files, { ...FIXTURE_OPTIONS, ...options });
  return lines.map((line) => {
    const { log, portsentry, ...event } = JSON.parse(line);
    const { frame, last_frame, ...rest } = portsentry;
    return { ...event, portsentry: rest };
  });
}

/** The sources of the scans in a golden replay, those of a group together. */
function sourcesIn(name: string): string[] {
  const events = readFileSync(goldenPath(name), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  const scans = events.filter(({ event }) => event.action === 'scan');
  // Of the sources of a flood few are named.
  const named = scans.filter(({ portsentry }) => portsentry.scan.sources <= 16);
  return named.map(({ source, portsentry }) =>
    portsentry.scan.sources > 1 ? portsentry.scan.decoys.join(',') : source.address,
  );
}

describe('the packets of a source replay to the same story', () => {
  const scans = CAPTURE_NAMES.flatMap((name) => sourcesIn(name).map((source) => [source, name] as const));

  test.each(scans)('%s of %s', async (source, name) => {
    const extract = join(folder, 'extract.pcapng');
    const told = await eventsOf([relativePath(name)], { source, extract });
    expect(told.length).toBeGreaterThan(1);
    expect(await eventsOf([extract], {})).toEqual(told);
  });

  test('there are scans in most captures', () => {
    expect(scans.length).toBeGreaterThan(50);
  });
});

test('frames of several link types and times are written as they were', async () => {
  const frame = (seconds: number, source = '10.0.0.1') => ({
    data: ethernet(tcpPacket({ source, destination: '10.99.0.2', destinationPort: 7, flags: SYN })),
    seconds,
    fraction: 999_999,
  });
  const ethernets = join(folder, 'a.pcap');
  const raws = join(folder, 'b.pcap');
  writeFileSync(ethernets, writePcap({ frames: [frame(1_795_354_417), frame(4_294_967_295, '10.0.0.2')] }));
  const raw = frame(1_795_354_418);
  writeFileSync(raws, writePcap({ linkType: 101, frames: [{ ...raw, data: raw.data.subarray(14) }] }));
  const extract = join(folder, 'extract.pcapng');
  await replayWith(0, [ethernets, raws], { source: '10.0.0.0/24', extract });
  const { lines } = await replayWith(0, [extract], { format: 'none', summary: 'json' });
  expect(JSON.parse(lines[0] as string)).toMatchObject({
    packets: 3,
    first: '2026-11-22T13:33:37.999Z',
    last: '2106-02-07T06:28:15.999Z',
    link_types: { ETHERNET: 2, RAW: 1 },
    sources: { count: 2 },
  });
});

test('only packets of the time are written, whole and with the answers', async () => {
  const name = relativePath('nmap-slow.pcap');
  const extract = join(folder, 'extract.pcapng');
  const since = '2026-11-23T22:30:50Z';
  const told = await eventsOf([name], { source: '10.99.0.1', since, extract });
  const all = await eventsOf([name], {});
  expect(told.length).toBeLessThan(all.length);
  expect(told.length).toBeGreaterThan(1);
  expect(await eventsOf([extract], {})).toEqual(told);
});

test.each([
  [
    'a file that is there',
    () => join(folder, 'there'),
    { exit: 64, message: /exists; name a file that does not$/ },
  ],
  [
    'a folder that is not there',
    () => join(folder, 'no/file'),
    { exit: 74, message: /no such file or directory$/ },
  ],
])('%s is refused', async (_what, path, fault) => {
  writeFileSync(join(folder, 'there'), 'kept');
  const replaying = replayWith(0, [relativePath('nmap-sS.pcap')], { source: '10.99.0.1', extract: path() });
  await expect(replaying).rejects.toMatchObject({
    exit: fault.exit,
    message: expect.stringMatching(fault.message),
  });
  expect(readFileSync(join(folder, 'there'), 'utf8')).toBe('kept');
});
