import { expect, onTestFinished, test, vi } from 'vitest';
import type { ScannerInfo } from '../../src/control/scanners.ts';
import { MAX_WATCHING, SourceFeed, takeChanges } from '../../src/daemon/source-feed.ts';
import { Tracker } from '../../src/track/tracker.ts';
import { SCANNER, WATCH_HEADER } from '../control/given.ts';
import { probe, START } from '../track/given.ts';

function given() {
  const tracker = new Tracker({ trigger: 0, windowMs: 0, ipv6Prefix: 64, salt: 0, onScanEnd: () => {} });
  let probes = 0;
  const sends = (source: string, at = 0) => {
    tracker.observe(probe({ source, at }));
    probes++;
  };
  const feed = new SourceFeed({
    table: () => tracker.table,
    infoOf: (slot) => {
      const source = tracker.table.source(slot);
      return { ...SCANNER, source: String(source.address), probes: source.probes, lastSeen: source.lastSeen };
    },
    header: () => ({ ...WATCH_HEADER, sources: tracker.size }),
    probes: () => probes,
    ready: async () => {},
  });
  return { tracker, feed, sends };
}

test('the sources since a time', () => {
  const { feed, sends } = given();
  sends('10.0.0.1');
  sends('10.0.0.2', 5_000);
  const names = (since: number) => [...feed.scanners(since)].map(({ source }) => source);
  expect(names(Number.NEGATIVE_INFINITY)).toEqual(['10.0.0.1', '10.0.0.2']);
  expect(names(START + 5_000)).toEqual(['10.0.0.2']);
});

test('the first tick has every source, the next ones what changed', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { tracker, feed, sends } = given();
  sends('10.0.0.1');
  const ticks = feed.watch('last', 2) as AsyncGenerator<{ sources: ScannerInfo[]; gone: string[] }>;
  const next = async () => {
    const pending = ticks.next();
    await vi.advanceTimersByTimeAsync(1_000);
    const { sources, gone } = (await pending).value;
    return [sources.map(({ source }: ScannerInfo) => source), gone];
  };
  expect(await next()).toEqual([['10.0.0.1'], []]);
  expect(await next()).toEqual([[], []]);
  for (const [index, source] of ['10.0.0.2', '10.0.0.3'].entries()) sends(source, index + 1);
  expect(await next()).toEqual([['10.0.0.3', '10.0.0.2'], ['10.0.0.1']]);
  // A scan that is over makes room without any probe.
  tracker.sweep(START + 400_000);
  expect(await next()).toEqual([[], []]);
  tracker.close();
  expect(await next()).toEqual([[], ['10.0.0.3', '10.0.0.2']]);
  await ticks.return(undefined);
});

test('only a few watch at once, and one that ends makes room', async () => {
  const { feed } = given();
  const watching = Array.from({ length: MAX_WATCHING }, () => feed.watch('probes', 1));
  await Promise.all(watching.map((each) => each?.next()));
  expect(feed.watch('probes', 1)).toBeNull();
  await watching[0]?.return(undefined);
  expect(feed.watch('probes', 1)).not.toBeNull();
  for (const each of watching) await each?.return(undefined);
});

test('what was told is no longer than what is shown', () => {
  const told = new Map<string, string>();
  for (let round = 0; round < 100; round++) {
    const rows = Array.from({ length: 5 }, (_, index) => ({ ...SCANNER, source: `10.0.${round}.${index}` }));
    takeChanges(told, rows);
    expect(told.size).toBe(5);
  }
});
