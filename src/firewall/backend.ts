import type { Failure } from '../commands/failure.ts';
import type { BlockMethod } from '../config/config.ts';
import type { Block } from './block.ts';

/** Whether the place of the blocks (a table, a chain) was there already, with the blocks of a former run in it. */
export type Opened = 'found' | 'made';

/** One block that is in force, as the method itself lists it. */
export interface ListedBlock {
  /** As in `Block`. */
  readonly target: string;
  /** When the kernel ends it by itself, ms since the epoch; null when it does not. */
  readonly until: number | null;
}

/** What a back end needs from the daemon. */
export interface BackendOptions {
  /** Ms since the epoch. */
  readonly now: () => number;
  /** Called when a block found all earlier blocks gone. Only this block is in force then. */
  readonly onLost?: (() => void) | undefined;
  /** The prefixes that pass from the first moment on, where the method supports it; `spare` replaces them. */
  readonly spared?: readonly string[] | undefined;
  /** The NFLOG group that gets reports of blocked sources' packets; null or absent: none. */
  readonly reportGroup?: number | null | undefined;
  /** Logs one line: what went wrong at the end. */
  readonly tell?: ((text: string) => void) | undefined;
}

/** A way to shut a source out. It knows no policy: others decide who is blocked, whether and for how long. */
export interface Backend {
  readonly method: BlockMethod;
  /**
   * Prepares the method, and repairs what others have removed. Rejects with a one-line reason when the host does not
   * support it. A later call is cheap and allowed at any time; `made` then means that all blocks are gone.
   */
  open(): Promise<Opened>;
  /**
   * Resolves when the block is in force or has failed; an aborted signal ends the wait soon. Never rejects. A
   * target that is already blocked gets the new end. Calls that arrive together form one batch.
   */
  block(block: Block, signal?: AbortSignal): Promise<Failure>;
  /** Releases a block; releasing one that is gone succeeds. Never rejects. */
  release(block: Block, signal?: AbortSignal): Promise<Failure>;
  /** The blocks in force; null when this method cannot list them. Rejects with a one-line reason. */
  list(): Promise<readonly ListedBlock[] | null>;
  /** Ends its processes. `keep` leaves all blocks in force; `release` removes them and everything else of ours. */
  close(blocks: 'keep' | 'release'): Promise<void>;
  /** Only where the method supports it: these prefixes pass whatever is blocked. Replaces those of an earlier call. */
  spare?(prefixes: readonly string[]): Promise<Failure>;
  /** Only where the method supports it: packets of blocked sources are reported to this NFLOG group; null: no more. */
  report?(group: number | null): Promise<Failure>;
}
