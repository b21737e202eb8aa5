import type { Failure } from '../commands/failure.ts';
import type { BlockMethod } from '../config/config.ts';
import type { Block } from './block.ts';

/** Whether what the blocks stand in (a table, a chain) was there already, with a former run's blocks in it. */
export type Opened = 'found' | 'made';

/** One block that is in force, as the method itself says. */
export interface ListedBlock {
  /** As in `Block`. */
  readonly target: string;
  /** When the kernel ends it by itself, ms since the epoch; null when it does not. */
  readonly until: number | null;
}

/** A way to shut a source out. It knows nothing of policy: who, whether and for how long is decided elsewhere. */
export interface Backend {
  readonly method: BlockMethod;
  /** The process that it keeps open, where it keeps one, and while there is one. */
  readonly pid?: number | undefined;
  /**
   * Makes ready, and repairs what somebody else has taken away; rejects with a one-line reason when the host
   * cannot do it. May be called again at any time, at little cost: `made` then says that all blocks are gone.
   */
  open(): Promise<Opened>;
  /**
   * Resolves when the block is in force, or is known to have failed; an aborted signal makes it end soon. Never
   * rejects. A target that is blocked already gets the new end. Calls that come together are one batch.
   */
  block(block: Block, signal?: AbortSignal): Promise<Failure>;
  /** Takes a block back; one that is not there any more is as good as taken back. Never rejects. */
  release(block: Block, signal?: AbortSignal): Promise<Failure>;
  /** What is blocked now; null when this method cannot tell. Rejects with a one-line reason. */
  list(): Promise<readonly ListedBlock[] | null>;
  /** Ends what runs for it. `keep` leaves all blocks in force, `release` takes them and all else of ours away. */
  close(blocks: 'keep' | 'release'): Promise<void>;
  /** Only where the method can: these prefixes pass whatever is blocked. Replaces those of an earlier call. */
  spare?(prefixes: readonly string[]): Promise<Failure>;
}
