import { frame } from '../../src/cli/top/frame.ts';
import { reduce } from '../../src/cli/top/reduce.ts';
import { initialState, type Size, type TopState } from '../../src/cli/top/state.ts';
import type { ScannerInfo, WatchHeader } from '../../src/control/scanners.ts';
import { styled, terminalPicture } from './terminal-picture.ts';

/** Where the picture of README stands. */
export const TOP_PICTURE = 'docs/pictures/top.svg';

const SIZE: Size = { columns: 110, rows: 13 };

/** 2026-11-22 13:33:37 UTC. */
const NOW = 1_795_354_417_000;
const MINUTE_MS = 60_000;

const HEADER: WatchHeader = {
  time: NOW,
  uptime: 273_600,
  version: '3.0.0',
  modes: ['atcp', 'audp'],
  dryRun: false,
  sensor: 'kernel',
  isWell: true,
  probes: 48_211,
  sources: 6,
  held: 3,
  blocked: 12,
  lost: 0,
  breakerOpen: false,
};

const SOURCE: ScannerInfo = {
  source: '198.51.100.23',
  firstSeen: NOW - 2 * MINUTE_MS,
  lastSeen: NOW - 1_000,
  probes: 1_000,
  ports: 1_000,
  atLeast: false,
  targets: 1,
  kinds: ['syn'],
  tool: 'nmap',
  shape: 'vertical',
  evidence: 'repeated',
  done: 'blocked',
  target: '198.51.100.23',
  until: NOW + 1_439 * MINUTE_MS,
  rule: null,
};
const NO_BLOCK = { target: null, until: null } as const;

const SOURCES: readonly ScannerInfo[] = [
  SOURCE,
  {
    ...SOURCE,
    source: '2001:db8:7::/64',
    lastSeen: NOW - 4_000,
    probes: 212,
    ports: 64,
    kinds: ['syn', 'udp'],
    tool: null,
    target: '2001:db8:7::/64',
  },
  {
    ...SOURCE,
    ...NO_BLOCK,
    source: '203.0.113.80',
    lastSeen: NOW - 9_000,
    probes: 17,
    ports: 1,
    tool: 'zmap',
    shape: 'single',
    done: 'logged',
  },
  {
    ...SOURCE,
    ...NO_BLOCK,
    source: '192.0.2.53',
    lastSeen: NOW - 31_000,
    probes: 2,
    ports: 2,
    kinds: ['udp'],
    tool: null,
    done: 'spared',
    rule: 'resolver',
  },
  {
    ...SOURCE,
    source: '203.0.113.9',
    lastSeen: NOW - 95_000,
    probes: 40,
    ports: 12,
    tool: 'masscan',
    shape: 'slow',
    target: '203.0.113.9',
    until: NOW + 40 * MINUTE_MS,
  },
  {
    ...SOURCE,
    ...NO_BLOCK,
    source: '198.51.100.200',
    lastSeen: NOW - 300_000,
    probes: 1,
    ports: 1,
    tool: 'mirai',
    shape: 'single',
    done: 'seen',
  },
];

/** The picture of `portsentry top` as SVG, drawn by the program itself from fixed data. */
export function topPicture(): string {
  return terminalPicture(SIZE, frame(stateOfPicture(), styled), {
    title: 'portsentry top in a terminal',
    description:
      'A header with the state of the daemon, and a table of the sources that scan this host, with probes, ports, tool, shape and what was done.',
  });
}

function stateOfPicture(): TopState {
  const begun = initialState(SIZE, 'last', true);
  const before = { ...HEADER, time: NOW - 1_000, uptime: HEADER.uptime - 1, probes: HEADER.probes - 37 };
  const first = reduce(begun, {
    type: 'tick',
    tick: { header: before, sources: SOURCES, gone: [] },
    isFirst: true,
  });
  return reduce(first.state, {
    type: 'tick',
    tick: { header: HEADER, sources: [], gone: [] },
    isFirst: false,
  }).state;
}
