import type { FiledAction, FiledEvent, FiledProbe, FiledScan } from '../report/filed-event.ts';
import type { ScannerRow } from './scanner-text.ts';

/** Sources that are kept of event files. Of a flood of forged ones, those that were seen longest ago are left out. */
export const MAX_PAST_SOURCES = 65_536;

/** Times of a file are cut to whole milliseconds, and a clock may have been set. */
const SAME_SCAN_MS = 1_000;

/** Single probes, their different ports, and kinds that are kept of a source. */
const MAX_PORTS = 256;
const MAX_KINDS = 16;

/** What a row says of a block. */
type BlockOfRow = Pick<ScannerRow, 'target' | 'until' | 'rule'>;

const NO_BLOCK: BlockOfRow = { target: null, until: null, rule: null };

/** Makes a row for each source of the events that it is given, in bounded memory. */
export class PastSources {
  readonly #sources = new Map<string, PastSource>();
  readonly #max: number;
  /** Sources that were left out. */
  leftOut = 0;

  constructor(max = MAX_PAST_SOURCES) {
    this.#max = max;
  }

  /** Takes the next event. */
  take(event: FiledEvent): void {
    switch (event.action) {
      case 'probe':
        this.#of(event.source).probe(event);
        break;
      case 'scan':
        this.#of(event.source).scan(event);
        break;
      case 'decoys':
        for (const member of event.members) this.#of(member).isDecoy = true;
        break;
      case 'unblock':
        this.#sources.get(event.target)?.act('unblocked');
        break;
      default:
        this.#act(event);
    }
  }

  /** The sources that probed, in the order of their last event. `now` (ms since the epoch) says which blocks are over. */
  *rows(now: number): Generator<ScannerRow> {
    for (const [source, past] of this.#sources) if (past.probes > 0) yield past.row(source, now);
  }

  /** Its probes that do not belong to a scan that began at `firstSeen` and still goes on. */
  probesBefore(source: string, firstSeen: number): number {
    return this.#sources.get(source)?.probesBefore(firstSeen) ?? 0;
  }

  #act(event: FiledAction): void {
    const past = this.#of(event.source);
    if (event.action === 'block')
      past.act('blocked', { target: event.target, until: event.until, rule: null });
    else if (event.action === 'block-failed') past.act('failed');
    else if (event.action === 'refused') past.act('spared', { ...NO_BLOCK, rule: event.rule });
  }

  /** The source, moved to the end of the map, whose start is forgotten first. */
  #of(source: string): PastSource {
    let past = this.#sources.get(source);
    if (past !== undefined) this.#sources.delete(source);
    else {
      past = new PastSource();
      if (this.#sources.size >= this.#max) this.#leave();
    }
    this.#sources.set(source, past);
    return past;
  }

  #leave(): void {
    for (const source of this.#sources.keys()) {
      this.#sources.delete(source);
      this.leftOut++;
      return;
    }
  }
}

/** What the events say of one source. */
class PastSource {
  isDecoy = false;
  #last: FiledScan | null = null;
  #first = Number.POSITIVE_INFINITY;
  #lastSeen = 0;
  /** Probes of scans before the last one. */
  #earlier = 0;
  #ports = 0;
  #atLeast = false;
  #targets = 0;
  #triggered = false;
  #tool: string | null = null;
  #shape: string | null = null;
  #evidence: string | null = null;
  #done: ScannerRow['done'] | null = null;
  #block: BlockOfRow = NO_BLOCK;
  readonly #kinds = new Set<string>();
  // Probes that no scan has summed up yet, as when the daemon was killed; the daemon writes the first ones alone.
  #single = 0;
  readonly #singleTimes: number[] = [];
  readonly #singlePorts = new Set<string>();

  get probes(): number {
    return this.#earlier + (this.#last?.probes ?? 0) + this.#single;
  }

  probesBefore(firstSeen: number): number {
    const isSame = this.#last !== null && Math.abs(this.#last.first - firstSeen) <= SAME_SCAN_MS;
    const single = this.#singleTimes.filter((time) => time < firstSeen - SAME_SCAN_MS).length;
    return this.#earlier + (isSame ? 0 : (this.#last?.probes ?? 0)) + single;
  }

  probe(event: FiledProbe): void {
    const { time, kind, transport, port, triggered, tool, evidence, ignored } = event;
    this.#see(time, time, [kind]);
    this.#single++;
    if (this.#singleTimes.length < MAX_PORTS) this.#singleTimes.push(time);
    if (this.#singlePorts.size < MAX_PORTS) this.#singlePorts.add(`${transport} ${port}`);
    this.#triggered ||= triggered;
    this.#tool = tool ?? this.#tool;
    this.#evidence = evidence ?? this.#evidence;
    this.isDecoy ||= event.decoy;
    if (ignored !== null) this.act('spared', { ...NO_BLOCK, rule: ignored });
  }

  /** The same scan, summed up again, replaces the earlier sum. */
  scan(event: FiledScan): void {
    const { first, last, probes, ports, atLeast, kinds, targets, shape, tool, evidence, sources, isAlert } =
      event;
    this.#see(first, last, kinds);
    if (this.#last !== null && this.#last.first !== first) {
      this.#earlier += this.#last.probes;
      // Which ports two scans share is not known.
      this.#atLeast ||= ports !== this.#ports;
    }
    this.#last = { ...event, probes, ranges: [], targetNames: [], decoys: [] };
    this.#ports = Math.max(this.#ports, ports);
    this.#atLeast ||= atLeast;
    this.#targets = Math.max(this.#targets, targets);
    this.#shape = shape;
    this.#tool = tool ?? this.#tool;
    this.#evidence = evidence ?? this.#evidence;
    this.#triggered ||= isAlert;
    this.isDecoy ||= sources > 1;
    this.#single = 0;
    this.#singleTimes.length = 0;
    this.#singlePorts.clear();
  }

  act(done: ScannerRow['done'], block: BlockOfRow = NO_BLOCK): void {
    this.#done = done;
    this.#block = block;
  }

  row(source: string, now: number): ScannerRow {
    const ports = Math.max(this.#ports, this.#singlePorts.size);
    const isOver = this.#block.until !== null && this.#block.until <= now;
    return {
      source,
      firstSeen: this.#first,
      lastSeen: this.#lastSeen,
      probes: this.probes,
      ports,
      atLeast: this.#atLeast || this.#single > 0,
      targets: Math.max(1, this.#targets),
      kinds: [...this.#kinds],
      tool: this.#tool,
      shape: this.#shape ?? (ports > 1 ? 'vertical' : 'single'),
      evidence: this.#evidence,
      done: isOver ? 'unblocked' : (this.#done ?? this.#doneWithoutAction()),
      ...(isOver ? NO_BLOCK : this.#block),
    };
  }

  #doneWithoutAction(): ScannerRow['done'] {
    if (this.isDecoy) return 'decoy';
    return this.#triggered ? 'logged' : 'seen';
  }

  #see(first: number, last: number, kinds: readonly string[]): void {
    this.#first = Math.min(this.#first, first);
    this.#lastSeen = Math.max(this.#lastSeen, last);
    for (const kind of kinds) if (this.#kinds.size < MAX_KINDS) this.#kinds.add(kind);
  }
}
