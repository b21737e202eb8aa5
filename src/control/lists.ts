import type { ListOrigin } from '../respond/lists/named-list.ts';

/** One named list, as the control socket carries it. Times are ms since the epoch. */
export interface ListInfo {
  readonly name: string;
  readonly origin: ListOrigin;
  /** Where its members were read; null when unknown. */
  readonly note: string | null;
  readonly loadedAt: number;
  readonly entries: number;
  /** Packets; null when it cannot be read. */
  readonly dropped: number | null;
}

/** The member of a list that contains an address. */
export interface ListMatch {
  readonly list: string;
  /** Canonical text of an address or a prefix. */
  readonly target: string;
  /** When it ends by itself; null means never. */
  readonly until: number | null;
  /** What the list says of it, such as who decided it and why; null when nothing. */
  readonly note: string | null;
}
