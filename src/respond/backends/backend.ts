import type { BlockMethod } from '../../config/config.ts';
import type { Knock } from '../../track/event.ts';

/** null when it worked, else why not, in one line. */
export type Failure = string | null;

/** A way to shut a source out. It knows nothing of policy: who, whether and for how long is decided elsewhere. */
export interface Backend {
  readonly method: BlockMethod;
  /** Makes ready; rejects with a one-line reason when the host cannot do it. */
  open(): Promise<void>;
  /**
   * Resolves when the block is in force, or is known to have failed; an aborted signal makes it end soon. Never
   * rejects.
   */
  block(knock: Knock, signal?: AbortSignal): Promise<Failure>;
  /** Takes a block back. Never rejects. */
  release(knock: Knock, signal?: AbortSignal): Promise<Failure>;
  /** The sources that are blocked now, as canonical text; null when this method cannot tell. */
  list(): Promise<readonly string[] | null>;
  close(): Promise<void>;
}
