import type { Prefix } from '../net/prefix.ts';
import type { Refused } from '../respond/lists/admission.ts';
import type { SortKey } from '../track/top-slots.ts';
import type { ListInfo, ListMatch } from './lists.ts';
import type { ScannerInfo, WatchTick } from './scanners.ts';
import type { BlockInfo, HealthCheck, NotifyTest, Status, Why } from './status.ts';

/** What the daemon does for its clients. Targets and addresses are canonical text. No handler should throw. */
export interface ControlHandlers {
  status(): Status | Promise<Status>;
  /** The blocks that are due, newest last. The caller reads slowly, and blocks may come and go meanwhile. */
  blocks(): Iterable<BlockInfo> | Promise<Iterable<BlockInfo>>;
  /**
   * The tracked sources that were seen at `since` (ms since the epoch) or later; null for all. Each is read from the table
   * when the caller asks for it.
   */
  scanners(since: number | null): Iterable<ScannerInfo> | Promise<Iterable<ScannerInfo>>;
  /** The first `limit` sources in this order, and each second what has changed; null when too many clients watch. */
  watch(sort: SortKey, limit: number): AsyncIterable<WatchTick> | null;
  block(request: BlockRequest): Promise<Answer>;
  unblock(target: string): Promise<Answer>;
  /** Ends the record of a block that somebody has taken back where this program cannot. */
  forget(target: string): Promise<Answer>;
  unblockAll(): Promise<Answer & { readonly count: number }>;
  why(address: string): Promise<Why>;
  /** Counts the probes of this address for `ms` without acting on them, because `doctor` sends one. */
  spare(address: string, ms: number): Answer;
  /** The checks that only the daemon can make: capture, the block method, its files. */
  health(): Promise<readonly HealthCheck[]>;
  /** The metrics in the text format of Prometheus. */
  metrics(): Promise<string>;
  /** Sends a test message to each receiver; null while another test is under way. */
  notifyTest(): Promise<readonly NotifyTest[] | null>;
  /** Addresses and prefixes that begin with this text, for completion: of blocks, and with `known` of sources, too. */
  addresses(begin: string, known: boolean): Promise<readonly string[]>;
  readonly lists: ListHandlers;
}

/** What the daemon does with named lists. */
export interface ListHandlers {
  infos(): Promise<readonly ListInfo[]>;
  /** Takes a part of a list; `upload` is null for its first part. The answer names the upload. */
  part(upload: number | null, entries: readonly Prefix[]): Answer & { readonly upload?: number };
  /** Replaces the list of this name by the upload. `refused` names members that were left out, at most a few. */
  load(
    list: string,
    upload: number,
    note: string | null,
  ): Promise<Answer & { readonly refused?: readonly Refused[] }>;
  unload(list: string): Promise<Answer>;
  /** The members of a list, in their order; null when there is no such list. The caller reads slowly. */
  members(list: string): Iterable<ListMatch> | null;
}

/** An order to block a target. */
export interface BlockRequest {
  readonly target: string;
  /** How long; 0 means for ever, null the configured time. */
  readonly forMs: number | null;
  /** The administrator's reason, one line; null when there is none. */
  readonly why: string | null;
  /** The addresses that the administrator's own session comes from, which the order must not cut off. */
  readonly session: readonly string[];
}

/** How an order ended. */
export interface Answer {
  /**
   * `refused`: a rule forbids it. `absent`: there is no such target. `later`: it did not work now. `failed`: it did not
   * work, or cannot.
   */
  readonly outcome: 'done' | 'refused' | 'absent' | 'later' | 'failed';
  /** One line for people: what was done, or why it was not. */
  readonly message: string;
  /** The block that was made. */
  readonly block?: BlockInfo;
}
