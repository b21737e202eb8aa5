import type { Readings } from '../../src/metrics/families.ts';
import { BlockCounts } from '../../src/respond/block-counts.ts';
import { ProbeCounts } from '../../src/track/probe-counts.ts';

/** What a daemon reads off itself when nothing has happened yet, but for one list and what is shared. */
export function readings(more: Partial<Readings> = {}): Readings {
  return {
    version: '3.0.0',
    node: '20.19.0',
    startTime: 1_796_000_000.5,
    modes: ['atcp', 'audp'],
    reports: new Map(),
    reportsLost: 0,
    probes: new ProbeCounts(),
    blocks: new BlockCounts(),
    blocked: { ipv4: 0, ipv6: 0 },
    blocksDue: 0,
    sources: 0,
    actions: 0,
    breakerOpen: false,
    lists: [{ name: 'drop', entries: 3 }],
    share: {
      pushed: 1,
      refused: 2,
      overflowed: 3,
      takenBack: 4,
      pulls: 5,
      lifted: 6,
      waiting: 7,
      known: 8,
      leftOut: 9,
    },
    held: { ipv4: 0, ipv6: 0 },
    sensorUp: true,
    memory: 0,
    cpuTime: 0,
    ...more,
  };
}
