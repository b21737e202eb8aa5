import { Address } from '../net/address.ts';
import { formatPrefix, maskAddress, parsePrefix } from '../net/prefix.ts';
import type { Transport } from '../net/protocol.ts';
import { countPorts, type ScannedRange } from '../track/ranges.ts';
import type { FiledAction, FiledEvent, FiledProbe, FiledScan } from './filed-event.ts';
import { NamedCounts } from './named-counts.ts';
import { OpenScans } from './open-scans.ts';
import { PortCounts } from './port-counts.ts';
import { PortPlot } from './port-plot.ts';
import { ProbeTimes } from './probe-times.ts';
import { SourceTable } from './source-table.ts';

/** Different addresses that are counted: a flood of forged sources must not fill the memory. */
const MAX_ADDRESSES = 65_536;

/** Adds up events in one pass, and keeps none of them. */
export class EventSums {
  probes = 0;
  scans = 0;
  /** The times of the first and the last probe. */
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;
  /** Different sources and their probes, those of a group with the source that it is named after. */
  readonly sources = new Map<string, number>();
  readonly targets = new Set<string>();
  hasMoreSources = false;
  hasMoreTargets = false;
  readonly plot = new PortPlot();
  readonly times = new ProbeTimes();
  readonly ports = new PortCounts();
  readonly table = new SourceTable();
  /** Probes by mode. */
  readonly modes = new NamedCounts();
  // Scans by what they were.
  readonly kinds = new NamedCounts();
  readonly tools = new NamedCounts();
  readonly shapes = new NamedCounts();
  /** Blocks by method, and how blocks ended. */
  readonly blocks = new NamedCounts();
  readonly ends = new NamedCounts();
  blocksByHand = 0;
  /** Failed actions by the reason, refused blocks by the rule. */
  readonly failures = new NamedCounts();
  readonly refusals = new NamedCounts();
  notified = 0;
  decoyGroups = 0;
  sparedDecoyGroups = 0;
  readonly #ipv6Bits: number;
  #open = new OpenScans();
  #lastSource = '';
  #lastKey = '';

  /** `ipv6Prefix` is BLOCK_IPV6_PREFIX: all IPv6 addresses of a network of that length are one source. */
  constructor(ipv6Prefix: number) {
    this.#ipv6Bits = ipv6Prefix;
  }

  /** Adds an event. */
  take(event: FiledEvent): void {
    switch (event.action) {
      case 'probe':
        this.#probe(event);
        return;
      case 'scan':
        this.#scan(event);
        return;
      case 'decoys':
        this.decoyGroups++;
        if (event.spared) this.sparedDecoyGroups++;
        return;
      case 'unblock':
        this.ends.add(event.how);
        break;
      default:
        this.#action(event);
    }
    this.table.outcome(this.#keyOf(event.action === 'unblock' ? event.target : event.source), event);
  }

  /** Events of another host or of another capture follow. */
  endInput(): void {
    this.#open = new OpenScans();
  }

  #probe(event: FiledProbe): void {
    const { time, transport, port } = event;
    const key = this.#keyOf(event.source);
    this.#noteSource(key, 1);
    if (event.destination !== null) this.#noteTarget(event.destination);
    this.#widen(time, time);
    this.#open.probe(key);
    this.probes++;
    this.times.add(time, 1);
    if (transport !== null && port !== null) {
      this.ports.add(transport, port);
      if (isPlotted(transport)) this.plot.add(time, port);
    }
    if (event.mode !== null) this.modes.add(event.mode);
    this.table.probe(key, event);
  }

  #scan(event: FiledScan): void {
    const own = this.#keyOf(event.source);
    const isGroup = event.sources > 1;
    const key = isGroup ? `${own} and others` : own;
    const open = this.#open.scan(key, event.first, event.probes);
    let { rest } = open;
    if (isGroup) {
      for (const member of event.decoys) {
        const memberKey = this.#keyOf(member);
        this.#noteSource(memberKey, 0);
        rest -= this.#open.takeSingle(memberKey);
      }
    }
    rest = Math.max(0, rest);
    this.#noteSource(own, rest);
    for (const target of event.targetNames) this.#noteTarget(target);
    const first = Math.min(event.first, event.last);
    const last = Math.max(event.first, event.last);
    this.#widen(first, last);
    this.probes += rest;
    this.#spread(event.ranges, first, last, rest);
    if (open.isNew) {
      this.scans++;
      this.shapes.add(event.shape);
      this.tools.add(event.tool ?? 'not known');
      for (const kind of event.kinds) this.kinds.add(kind);
    }
    this.table.scan(key, event, rest, open.isNew);
  }

  /** The probes of a scan that have no events of their own are spread over its ports and its time. */
  #spread(ranges: readonly ScannedRange[], first: number, last: number, rest: number): void {
    if (rest > 0) this.times.addSpan(first, last, rest);
    if (ranges.length === 0) return;
    this.ports.addRanges(ranges, rest);
    const plotted = ranges.filter(({ transport }) => isPlotted(transport));
    if (rest === 0 || plotted.length === 0) return;
    this.plot.addSpan(first, last, plotted, (rest * countPorts(plotted)) / countPorts(ranges));
  }

  #action(event: FiledAction): void {
    if (event.action === 'refused') this.refusals.add(event.rule ?? 'unknown');
    else if (event.action === 'notify') this.notified++;
    else if (event.action === 'block') {
      this.blocks.add(event.method ?? 'unknown');
      if (event.kind === 'manual') this.blocksByHand++;
    } else this.failures.add(event.reason ?? 'unknown');
  }

  /** The source as the daemon tracks it. Many events of one source follow each other. */
  #keyOf(source: string): string {
    if (!source.includes(':')) return source;
    if (source === this.#lastSource) return this.#lastKey;
    const prefix = parsePrefix(source);
    this.#lastSource = source;
    this.#lastKey = source;
    if (prefix !== null && prefix.length > this.#ipv6Bits && !prefix.address.isV4) {
      const address = maskAddress(prefix.address, this.#ipv6Bits, new Address());
      this.#lastKey = formatPrefix({ address, length: this.#ipv6Bits });
    }
    return this.#lastKey;
  }

  #widen(first: number, last: number): void {
    if (first < this.first) this.first = first;
    if (last > this.last) this.last = last;
  }

  #noteSource(key: string, probes: number): void {
    const known = this.sources.get(key);
    if (known !== undefined || this.sources.size < MAX_ADDRESSES)
      this.sources.set(key, (known ?? 0) + probes);
    else this.hasMoreSources = true;
  }

  #noteTarget(target: string): void {
    if (this.targets.has(target)) return;
    if (this.targets.size < MAX_ADDRESSES) this.targets.add(target);
    else this.hasMoreTargets = true;
  }
}

/** The transports whose ports are drawn. */
function isPlotted(transport: Transport): boolean {
  return transport === 'tcp' || transport === 'udp' || transport === 'sctp';
}
