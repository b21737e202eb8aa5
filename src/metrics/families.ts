import { Kind, type KindName } from '../classify/kind.ts';
import { TOOL_NAMES } from '../classify/tool.ts';
import { MODE_NAMES, type ModeName } from '../config/config.ts';
import { transportOfMode } from '../config/modes.ts';
import { REASON_COUNT, Reason, reasonText } from '../decode/reason.ts';
import { BLOCK_ENDS, LEDGER_METHODS } from '../ledger/entry.ts';
import { type BlockCounts, DURATION_BOUNDS_S } from '../respond/block-counts.ts';
import { RULE_ORIGINS } from '../respond/never-block.ts';
import type { ProbeCounts } from '../track/probe-counts.ts';
import { SHAPES } from '../track/shape.ts';
import type { Family, Sample } from './exposition.ts';

/** A number for each family of addresses. */
export interface ByFamily {
  readonly ipv4: number;
  readonly ipv6: number;
}

/** What the daemon reads off itself for the metrics. Times are in seconds, sizes in octets. */
export interface Readings {
  readonly version: string;
  /** The version of Node. */
  readonly node: string;
  /** Since the epoch. */
  readonly startTime: number;
  /** The modes that run. */
  readonly modes: readonly ModeName[];
  /** Reports of the kernel or frames of devices that were read, by the reason at which their decoding ended. */
  readonly reports: ReadonlyMap<number, number>;
  readonly reportsLost: number;
  readonly probes: ProbeCounts;
  readonly blocks: BlockCounts;
  /** Blocks that stand. */
  readonly blocked: ByFamily;
  readonly blocksDue: number;
  readonly sources: number;
  /** Actions that wait or run. */
  readonly actions: number;
  readonly breakerOpen: boolean;
  readonly held: ByFamily;
  /** Whether packets are read. */
  readonly sensorUp: boolean;
  /** Entries of each named list. */
  readonly lists: readonly { readonly name: string; readonly entries: number }[];
  /** What is shared with other hosts; all 0 without an engine. */
  readonly share: ShareReadings;
  /** Of the main process, like `cpuTime`. */
  readonly memory: number;
  readonly cpuTime: number;
}

/** What goes to an engine that many hosts share, and what comes from it. */
export interface ShareReadings {
  /** Reports that the engine took, refused, and for which there was no room. */
  readonly pushed: number;
  readonly refused: number;
  readonly overflowed: number;
  /** Decisions that this host has ended at the engine. */
  readonly takenBack: number;
  /** Answers with decisions. */
  readonly pulls: number;
  /** Blocks of this host that ended because their decisions were deleted at the engine. */
  readonly lifted: number;
  /** Orders that wait. */
  readonly waiting: number;
  /** Decisions of others that are known, and those of them that are left out. */
  readonly known: number;
  readonly leftOut: number;
}

/** The numbers without an engine. */
export const NOTHING_SHARED: ShareReadings = {
  pushed: 0,
  refused: 0,
  overflowed: 0,
  takenBack: 0,
  pulls: 0,
  lifted: 0,
  waiting: 0,
  known: 0,
  leftOut: 0,
};

const PREFIX = 'portsentry_';

/** The label of what no name is known for: an empty one would be no label at all. */
const UNKNOWN = 'unknown';

/** All metrics, in a fixed order. Every series is there from the start, and no label holds an address. */
export function familiesOf(readings: Readings): readonly Family[] {
  return [
    ...sensorFamilies(readings),
    ...blockFamilies(readings),
    ...sharedFamilies(readings),
    ...processFamilies(readings),
  ];
}

function sensorFamilies(readings: Readings): Family[] {
  const { reports, reportsLost, probes, modes, sources, held, sensorUp } = readings;
  return [
    gauge('sensor_up', 'Whether packets are read: 1, or 0 while the sensor is gone.', Number(sensorUp)),
    counter('reports_total', 'Packets that the sensor has read: reports of the kernel, or frames.', [
      { value: sum([...reports.values()]) },
    ]),
    counter('reports_lost_total', 'Reports of the kernel that nobody read; 0 with the packet sensor.', [
      { value: reportsLost },
    ]),
    counter(
      'undecoded_total',
      'Packets that were not decoded to a transport header, by the reason.',
      failures().map((reason) => ({
        labels: { reason: reasonText(reason) },
        value: reports.get(reason) ?? 0,
      })),
    ),
    counter(
      'probes_total',
      'Probes, by kind and by the mode that watches the port.',
      probeSamples(probes, modes),
    ),
    counter(
      'scans_total',
      'Scans that are over, by shape and by the tool that they look like.',
      SHAPES.flatMap((shape) =>
        [...TOOL_NAMES, null].map((tool) => ({
          labels: { shape, tool: tool ?? UNKNOWN },
          value: probes.scans(shape, tool),
        })),
      ),
    ),
    gauge('tracked_sources', 'Sources in the table.', sources),
    byFamily('held_sources', 'Sources whose packets the kernel drops until they are judged.', held),
  ];
}

function blockFamilies({ blocks, blocked, blocksDue, actions, breakerOpen }: Readings): Family[] {
  const labelled = <T extends string>(label: string, names: readonly T[], count: (name: T) => number) =>
    names.map((name) => ({ labels: { [label]: name }, value: count(name) }));
  const methods = LEDGER_METHODS.filter((method) => method !== 'none');
  return [
    counter(
      'blocks_total',
      'Blocks that were made, by method.',
      labelled('method', methods, (method) => blocks.made(method)),
    ),
    counter(
      'block_failures_total',
      'Sources that should have been blocked and were not, by method.',
      labelled('method', LEDGER_METHODS, (method) => blocks.failed(method)),
    ),
    counter(
      'unblocks_total',
      'Blocks that have ended, by cause.',
      labelled('cause', BLOCK_ENDS, (how) => blocks.ended(how)),
    ),
    counter(
      'refused_blocks_total',
      'Sources that triggered and that a rule spared, by the origin of the rule.',
      labelled('rule', RULE_ORIGINS, (origin) => blocks.refused(origin)),
    ),
    byFamily('blocked_targets', 'Addresses and networks that are blocked now.', blocked),
    gauge('blocks_due', 'Blocks that have not ended, in force or not.', blocksDue),
    gauge('action_queue_length', 'Actions that wait or run.', actions),
    gauge(
      'breaker_open',
      'Whether so many sources are new that they look forged (BLOCK_RATE_MAX).',
      Number(breakerOpen),
    ),
    durations(blocks),
  ];
}

/** What others have decided: named lists, and the engine that many hosts share. The name of a list is an administrator's. */
function sharedFamilies({ lists, share }: Readings): Family[] {
  const total = (name: string, help: string, value: number) => counter(name, help, [{ value }]);
  return [
    {
      name: `${PREFIX}list_entries`,
      type: 'gauge',
      help: 'Addresses and networks in each named list.',
      samples: lists.map(({ name, entries }) => ({ labels: { list: name }, value: entries })),
    },
    counter('share_reports_total', 'Reports for the engine that hosts share, by what became of them.', [
      { labels: { outcome: 'taken' }, value: share.pushed },
      { labels: { outcome: 'refused' }, value: share.refused },
      { labels: { outcome: 'no room' }, value: share.overflowed },
    ]),
    total('share_taken_back_total', 'Reports that were taken back at the engine.', share.takenBack),
    total('share_pulls_total', 'Times that the engine was asked for decisions and answered.', share.pulls),
    total(
      'share_lifted_total',
      'Blocks that ended here because somebody ended them at the engine.',
      share.lifted,
    ),
    gauge('share_waiting_reports', 'Reports that the engine has not taken yet.', share.waiting),
    gauge('share_decisions', 'Decisions of other hosts that are known here.', share.known),
    gauge(
      'share_decisions_left_out',
      'Decisions of other hosts that are not in force, by a bound or a rule.',
      share.leftOut,
    ),
  ];
}

/**
 * What other programs call process_cpu_seconds_total and process_resident_memory_bytes. node_exporter has these of itself,
 * and refuses all metrics of a file that repeats one.
 */
function processFamilies({ version, node, startTime, memory, cpuTime }: Readings): Family[] {
  const build = gauge('build_info', 'The versions of portsentry and of Node; always 1.', 1);
  return [
    { ...build, samples: [{ labels: { version, node }, value: 1 }] },
    gauge('start_time_seconds', 'When the daemon started, in seconds since the epoch.', startTime),
    counter('process_cpu_seconds_total', 'Processor time of the main process, in seconds.', [
      { value: cpuTime },
    ]),
    gauge('process_resident_memory_bytes', 'Resident memory of the main process, in octets.', memory),
  ];
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name: PREFIX + name, type: 'counter', help, samples };
}

function gauge(name: string, help: string, value: number): Family {
  return { name: PREFIX + name, type: 'gauge', help, samples: [{ value }] };
}

function byFamily(name: string, help: string, { ipv4, ipv6 }: ByFamily): Family {
  const samples = [
    { labels: { family: 'ipv4' }, value: ipv4 },
    { labels: { family: 'ipv6' }, value: ipv6 },
  ];
  return { name: PREFIX + name, type: 'gauge', help, samples };
}

/** The buckets count what is below their bound, so each has those before it, too. */
function durations(blocks: BlockCounts): Family {
  let below = 0;
  const buckets = blocks.durations.map((count, index) => {
    below += count;
    const le = String(DURATION_BOUNDS_S[index] ?? '+Inf');
    return { suffix: '_bucket', labels: { le }, value: below };
  });
  const help = 'Time from the arrival of the packet until its source is blocked, in seconds.';
  const samples = [...buckets, { suffix: '_sum', value: blocks.seconds }, { suffix: '_count', value: below }];
  return { name: `${PREFIX}block_duration_seconds`, type: 'histogram', help, samples };
}

/** Kinds that the modes of one transport alone watch; all others are of TCP's. */
const OF_UDP: ReadonlySet<KindName> = new Set(['udp']);
const OF_BOTH: ReadonlySet<KindName> = new Set(['connect']);

/** The series of the modes that run, and those that have counted before a reload changed the modes. */
function probeSamples(probes: ProbeCounts, modes: readonly ModeName[]): Sample[] {
  const kinds = Object.entries(Kind).filter(([, kind]) => kind !== Kind.none) as [KindName, number][];
  return kinds.flatMap(([name, kind]) =>
    MODE_NAMES.flatMap((mode) => {
      const value = probes.probes(kind, mode);
      const isUsual = modes.includes(mode) && mayCome(name, mode);
      return isUsual || value > 0 ? [{ labels: { kind: name, mode }, value }] : [];
    }),
  );
}

function mayCome(kind: KindName, mode: ModeName): boolean {
  if (mode === 'tcp' || mode === 'udp') return OF_BOTH.has(kind);
  if (OF_BOTH.has(kind)) return false;
  return OF_UDP.has(kind) === (transportOfMode(mode) === 'udp');
}

function failures(): number[] {
  return Array.from({ length: REASON_COUNT }, (_, reason) => reason).filter(
    (reason) => reason !== Reason.none,
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
