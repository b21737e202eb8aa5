import type { ScannerInfo, WatchHeader } from '../../control/scanners.ts';
import type { SortKey } from '../../track/top-slots.ts';

/** What the daemon said last: its header, the probes a second since the tick before, and the sources by their text. */
export interface Picture {
  readonly header: WatchHeader;
  /** null at the first tick. */
  readonly probesPerSecond: number | null;
  readonly rows: ReadonlyMap<string, ScannerInfo>;
}

/** An order that waits for a yes. Its target does not change while the rows move. */
export interface Order {
  readonly what: 'block' | 'unblock';
  readonly target: string;
}

/** What stands where the list is, or below it. */
export type Pane =
  | { readonly kind: 'list' }
  /** The filter is being written; `before` comes back when that is given up. */
  | { readonly kind: 'filter'; readonly before: string }
  | { readonly kind: 'question'; readonly order: Order }
  /** A text to be read, from the line `offset` on. */
  | {
      readonly kind: 'text';
      readonly title: string;
      readonly lines: readonly string[];
      readonly offset: number;
    };

/** The size of the terminal, in cells. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Everything that the view shows, and what its keys change. */
export interface TopState {
  readonly size: Size;
  /** Whether orders are allowed. */
  readonly isRoot: boolean;
  /** null before the first tick. */
  readonly live: Picture | null;
  /** What is shown while the view is paused; null otherwise. */
  readonly paused: Picture | null;
  readonly sort: SortKey;
  readonly filter: string;
  /** The row of the cursor and its source; null where there is no row. */
  readonly cursor: number;
  readonly selected: string | null;
  /** The cursor was moved, and follows its source. */
  readonly isPinned: boolean;
  /** The first row of the list that is shown. */
  readonly offset: number;
  readonly pane: Pane;
  /** What came of the last key, in one line; empty for nothing. */
  readonly message: string;
  /** Why the daemon does not answer; null while it does. */
  readonly lost: string | null;
}

/** The state before the first tick. */
export function initialState(size: Size, sort: SortKey, isRoot: boolean): TopState {
  return {
    size,
    isRoot,
    sort,
    live: null,
    paused: null,
    filter: '',
    cursor: 0,
    selected: null,
    isPinned: false,
    offset: 0,
    pane: { kind: 'list' },
    message: '',
    lost: null,
  };
}

/** What is shown now. */
export function pictureOf({ live, paused }: TopState): Picture | null {
  return paused ?? live;
}

/** The rows of the list, filtered and in order. */
export function rowsOf(state: TopState): ScannerInfo[] {
  const rows = [...(pictureOf(state)?.rows.values() ?? [])];
  const wanted = state.filter.toLowerCase();
  const found = wanted === '' ? rows : rows.filter((row) => searchText(row).includes(wanted));
  return found.sort(
    (a, b) =>
      FIELDS[state.sort](b) - FIELDS[state.sort](a) ||
      b.lastSeen - a.lastSeen ||
      (a.source < b.source ? -1 : 1),
  );
}

const FIELDS: Readonly<Record<SortKey, (row: ScannerInfo) => number>> = {
  last: ({ lastSeen }) => lastSeen,
  first: ({ firstSeen }) => firstSeen,
  probes: ({ probes }) => probes,
  ports: ({ ports }) => ports,
};

function searchText({ source, kinds, tool, shape, done, rule, target }: ScannerInfo): string {
  return [source, ...kinds, tool ?? '', shape, done, rule ?? '', target ?? ''].join(' ').toLowerCase();
}
