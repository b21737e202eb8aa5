import type { ScanEvent } from '../track/event.ts';

/** Rows kept; when there are twice as many, those with the fewest probes leave. */
const MAX_ROWS = 4_096;

/** The scans of one source, or of one group of sources. */
interface Row {
  /** The sum of its scans before the last one. */
  before: ScanEvent | null;
  last: ScanEvent;
}

/** The sources with the most probes. Of a flood of single packets few are kept. */
export class TopSources {
  readonly #rows = new Map<string, Row>();

  /** Whether a source of a single probe may still be one of those with the most. */
  get hasRoom(): boolean {
    return this.#rows.size < MAX_ROWS;
  }

  /** Takes in the sum of a scan. A scan that goes on is summed up again as a whole, with the same beginning. */
  add(scan: ScanEvent): void {
    const event = withoutLists(scan);
    const key = `${event.source}${event.sources > 1 ? ' and others' : ''}`;
    const known = this.#rows.get(key);
    if (known === undefined) this.#rows.set(key, { before: null, last: event });
    else {
      if (known.last.first !== event.first) known.before = sumOf(known.before, known.last);
      known.last = event;
    }
    if (this.#rows.size >= 2 * MAX_ROWS) this.#shrink();
  }

  /** The sums of the first `most` sources, those with the most probes first. */
  top(most: number): ScanEvent[] {
    return this.#sorted()
      .slice(0, most)
      .map(({ sum }) => sum);
  }

  #shrink(): void {
    for (const { key } of this.#sorted().slice(MAX_ROWS)) this.#rows.delete(key);
  }

  #sorted(): { readonly key: string; readonly sum: ScanEvent }[] {
    return [...this.#rows]
      .map(([key, { before, last }]) => ({ key, sum: sumOf(before, last) }))
      .sort((a, b) => b.sum.probes - a.sum.probes || a.sum.first - b.sum.first || (a.key < b.key ? -1 : 1));
  }
}

/** Without what may be long and no summary shows: a scan may have 32,768 ranges of ports. */
function withoutLists(event: ScanEvent): ScanEvent {
  return { ...event, ranges: [], targetNames: [], decoys: [], places: undefined };
}

/** The sum of earlier scans and a later one, which gives what cannot be added up: its shape and its tool. */
function sumOf(before: ScanEvent | null, event: ScanEvent): ScanEvent {
  if (before === null) return event;
  return {
    ...event,
    first: Math.min(before.first, event.first),
    last: Math.max(before.last, event.last),
    probes: before.probes + event.probes,
    ports: Math.max(before.ports, event.ports),
    atLeast: true,
    kinds: [...new Set([...before.kinds, ...event.kinds])],
    targets: Math.max(before.targets, event.targets),
    tool: event.tool ?? before.tool,
  };
}
