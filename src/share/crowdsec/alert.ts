import { counted } from '../../record/counted.ts';
import type { Report } from '../report.ts';
import { ORIGIN } from './decisions.ts';
import { formatGoDuration } from './go-duration.ts';

/** The scenario of every alert of this program. */
export const SCENARIO = 'portsentry/scan';

/** A decision that would last for less is not made: the block of this host is over before others know. */
const MIN_LEFT_MS = 1_000;

/** What an alert says of its sender. */
export interface Sender {
  /** The name of this host, as the machines of CrowdSec are named. */
  readonly host: string;
  readonly version: string;
  /** The wall clock now, ms since the epoch. */
  readonly now: number;
}

/** The alert for one source, with a decision as long as its block still lasts. */
export function alertOf(report: Report, sender: Sender): object {
  const { target, since, kind, transport, port, evidence, tool, ports, probes } = report;
  const scope = scopeOf(target);
  const like = tool === null ? '' : `, like ${tool}`;
  const meta = { target_port: port, protocol: transport, kind, evidence, tool, ports, probes };
  return {
    ...frameOf([report], sender),
    message: `${target} probed ${counted(ports, 'port')} of ${sender.host} (${kind}, evidence ${evidence}${like})`,
    events: [{ timestamp: iso(since), meta: metaOf(meta) }],
    source: { scope, value: target, ...(scope === 'Ip' ? { ip: target } : { range: target }) },
  };
}

/** One alert for many sources, with a decision for each. */
export function sumOf(reports: readonly Report[], sender: Sender): object {
  const many = counted(reports.length, 'source');
  return {
    ...frameOf(reports, sender),
    message: `${many} probed ports of ${sender.host}`,
    events: [],
    source: { scope: 'portsentry', value: `${many} of ${sender.host}` },
  };
}

/** The scope of a target in CrowdSec's words. */
export function scopeOf(target: string): 'Ip' | 'Range' {
  return target.includes('/') ? 'Range' : 'Ip';
}

/** What every alert has. A decision ends at `stop_at` and its duration later. */
function frameOf(reports: readonly Report[], { host, version, now }: Sender): object {
  const lasting = reports.filter(({ until }) => until - now >= MIN_LEFT_MS);
  const start = reports.reduce((first, { since }) => Math.min(first, since), now);
  return {
    scenario: SCENARIO,
    scenario_hash: '',
    scenario_version: version,
    events_count: reports.reduce((sum, { probes }) => sum + probes, 0),
    start_at: iso(start),
    stop_at: iso(now),
    capacity: 0,
    leakspeed: '0',
    simulated: false,
    remediation: lasting.length > 0,
    decisions: lasting.map(({ target, until }) => ({
      origin: ORIGIN,
      type: 'ban',
      scope: scopeOf(target),
      value: target,
      duration: formatGoDuration(until - now),
      scenario: `${SCENARIO} from ${host}`,
    })),
  };
}

function metaOf(fields: Readonly<Record<string, string | number | null>>): object[] {
  return Object.entries(fields).flatMap(([key, value]) =>
    value === null ? [] : { key, value: String(value) },
  );
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
