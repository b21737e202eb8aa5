import { expect, test } from 'vitest';
import { TopSources } from '../../src/replay/top-sources.ts';
import { NOON, scanEvent } from '../record/given.ts';

const namesOf = (top: TopSources, most: number) =>
  top.top(most).map(({ source, probes }) => [source, probes]);

test('sources with more probes come first, and those with as many in the order of their beginnings', () => {
  const top = new TopSources();
  top.add(scanEvent({ source: '10.0.0.1', probes: 5 }));
  top.add(scanEvent({ source: '10.0.0.2', probes: 9, first: NOON }));
  top.add(scanEvent({ source: '10.0.0.3', probes: 9, first: NOON - 1 }));
  expect(namesOf(top, 10)).toEqual([
    ['10.0.0.3', 9],
    ['10.0.0.2', 9],
    ['10.0.0.1', 5],
  ]);
  expect(namesOf(top, 1)).toHaveLength(1);
  expect(namesOf(top, 0)).toEqual([]);
});

test('the scans of a source add up, and one that goes on counts once', () => {
  const top = new TopSources();
  const scan = (probes: number, first: number, ports = 3) =>
    top.add(scanEvent({ source: '10.0.0.1', probes, first, last: first + 10, ports }));
  scan(4, NOON);
  scan(7, NOON, 6);
  scan(2, NOON + 600_000);
  scan(3, NOON + 600_000);
  scan(1, NOON + 1_200_000);
  expect(top.top(1)).toMatchObject([
    { probes: 11, first: NOON, last: NOON + 1_200_010, ports: 6, atLeast: true },
  ]);
});

test('a group and a source of its first address are two', () => {
  const top = new TopSources();
  top.add(scanEvent({ probes: 5 }));
  top.add(scanEvent({ probes: 6, sources: 300, shape: 'flood' }));
  expect(namesOf(top, 9)).toHaveLength(2);
});

test('a flood of single probes does not push out a scanner, nor fill the memory', () => {
  const top = new TopSources();
  top.add(scanEvent({ source: '10.0.0.1', probes: 50 }));
  for (let index = 0; index < 100_000; index++)
    top.add(scanEvent({ source: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}x`, probes: 1 }));
  expect(namesOf(top, 1)).toEqual([['10.0.0.1', 50]]);
  expect(top.top(100_000).length).toBeLessThan(8_192);
});
