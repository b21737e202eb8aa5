import type { FiledAction, FiledProbe, FiledScan, FiledUnblock } from './filed-event.ts';
import { plainName } from './plain-name.ts';
import { RangeSet } from './range-set.ts';

/** Rows kept; when there are twice as many, those with the fewest probes leave. */
const MAX_ROWS = 4_096;

/** Kinds and targets of one source that are named. */
const MAX_KINDS = 16;
const MAX_TARGETS = 8;

/** What was done about a source, the last time that anything was. */
export interface Outcome {
  readonly what: FiledAction['action'] | 'unblock';
  readonly time: number;
  /** When a block ends; null for never. */
  readonly until: number | null;
  readonly method: string | null;
  /** Why it failed, the rule that spares the source, how the block ended, or the note of a block by hand. */
  readonly detail: string | null;
}

/** All scans of one source, or of one group of sources. */
export interface SourceRow {
  /** An address; a prefix when several addresses of one IPv6 network took part. */
  source: string;
  /** Sources of the group; 1 for a source on its own. */
  sources: number;
  probes: number;
  scans: number;
  /** The most ports of one scan. */
  ports: number;
  atLeast: boolean;
  readonly ranges: RangeSet;
  readonly kinds: string[];
  targets: number;
  readonly targetNames: string[];
  tool: string | null;
  /** The shape of the scan with the most probes, and their number. */
  shape: string | null;
  shapeProbes: number;
  evidence: string | null;
  first: number;
  last: number;
  blocks: number;
  outcome: Outcome | null;
  /** Takes part in a group of decoys. */
  isDecoy: boolean;
}

/** The sources with the most probes. Of a flood of single packets few are kept. */
export class SourceTable {
  readonly #rows = new Map<string, SourceRow>();

  /** Takes in a probe. */
  probe(key: string, event: FiledProbe): void {
    const row = this.#row(key, event.source, event.time);
    row.probes++;
    widen(row, event.time, event.time);
    noteName(row.kinds, event.kind, MAX_KINDS);
    if (event.destination !== null) noteName(row.targetNames, event.destination, MAX_TARGETS);
    if (event.transport !== null && event.port !== null) row.ranges.addPort(event.transport, event.port);
    row.tool = event.tool === null ? row.tool : plainName(event.tool);
    row.evidence = event.evidence === null ? row.evidence : plainName(event.evidence);
    row.isDecoy ||= event.decoy;
  }

  /** Takes in the sum of a scan. `rest` probes of it were not counted before. */
  scan(key: string, event: FiledScan, rest: number, isNew: boolean): void {
    const row = this.#row(key, event.source, event.time);
    row.sources = Math.max(row.sources, event.sources);
    row.probes += rest;
    row.scans += isNew ? 1 : 0;
    row.ports = Math.max(row.ports, event.ports);
    row.atLeast ||= event.atLeast;
    row.targets = Math.max(row.targets, event.targets);
    if (event.probes >= row.shapeProbes) {
      row.shape = plainName(event.shape);
      row.shapeProbes = event.probes;
    }
    row.tool = event.tool === null ? row.tool : plainName(event.tool);
    row.evidence = event.evidence === null ? row.evidence : plainName(event.evidence);
    for (const range of event.ranges) row.ranges.add(range);
    for (const kind of event.kinds) noteName(row.kinds, kind, MAX_KINDS);
    for (const target of event.targetNames) noteName(row.targetNames, target, MAX_TARGETS);
    widen(row, Math.min(event.first, event.last), Math.max(event.first, event.last));
  }

  /** Takes in what was done about a source. */
  outcome(key: string, event: FiledAction | FiledUnblock): void {
    // The end of an old block is nothing that a source did.
    const row = event.action === 'unblock' ? this.#rows.get(key) : this.#row(key, event.source, event.time);
    if (row === undefined) return;
    if (event.action === 'block') row.blocks++;
    const isEnd = event.action === 'unblock';
    const detail = isEnd ? (event.rule ?? event.how) : (event.reason ?? event.rule ?? event.note);
    row.outcome = {
      what: event.action,
      time: event.time,
      until: isEnd ? null : event.until,
      method: isEnd || event.method === null ? null : plainName(event.method),
      detail: detail === null ? null : plainName(detail),
    };
  }

  /** The rows, those with the most probes first. */
  rows(): SourceRow[] {
    return [...this.#rows.values()].sort(
      (a, b) => b.probes - a.probes || a.first - b.first || (a.source < b.source ? -1 : 1),
    );
  }

  #row(key: string, source: string, time: number): SourceRow {
    const known = this.#rows.get(key);
    if (known !== undefined) {
      if (known.source !== source && !known.source.includes('/')) known.source = key.split(' ')[0] as string;
      return known;
    }
    if (this.#rows.size >= 2 * MAX_ROWS) this.#shrink();
    const row: SourceRow = {
      source,
      sources: 1,
      probes: 0,
      scans: 0,
      ports: 0,
      atLeast: false,
      ranges: new RangeSet(),
      kinds: [],
      targets: 0,
      targetNames: [],
      tool: null,
      shape: null,
      shapeProbes: 0,
      evidence: null,
      first: time,
      last: time,
      blocks: 0,
      outcome: null,
      isDecoy: false,
    };
    this.#rows.set(key, row);
    return row;
  }

  /** Leaves MAX_ROWS rows; of those with equally many probes the oldest leave. */
  #shrink(): void {
    const probes = Float64Array.from(this.#rows.values(), (row) => row.probes).sort();
    const least = probes[probes.length - MAX_ROWS] as number;
    for (const most of [least - 1, least]) {
      for (const [key, row] of this.#rows) {
        if (this.#rows.size <= MAX_ROWS) break;
        if (row.probes <= most) this.#rows.delete(key);
      }
    }
  }
}

function widen(row: SourceRow, first: number, last: number): void {
  if (first < row.first) row.first = first;
  if (last > row.last) row.last = last;
}

function noteName(names: string[], name: string, most: number): void {
  if (names.length >= most) return;
  const cut = plainName(name);
  if (!names.includes(cut)) names.push(cut);
}
