import type { BlockInfo, HealthCheck, Status, Why } from './status.ts';

/** What the daemon can be asked. Targets and addresses come as canonical text. None of these should throw. */
export interface ControlHandlers {
  status(): Status;
  /** The blocks that are due, newest last. Read slowly: what comes and goes meanwhile must not disturb it. */
  blocks(): Iterable<BlockInfo>;
  block(request: BlockRequest): Promise<Answer>;
  unblock(target: string): Promise<Answer>;
  unblockAll(): Promise<Answer & { readonly count: number }>;
  why(address: string): Promise<Why>;
  /** Only counts the probes of this address for `ms`, and does not act on them: `doctor` sends one. */
  spare(address: string, ms: number): Answer;
  /** What only the daemon can know of itself: capture, the block method, its files. */
  health(): Promise<readonly HealthCheck[]>;
}

export interface BlockRequest {
  readonly target: string;
  /** 0 for ever; null for the usual time. */
  readonly forMs: number | null;
  /** One line; null when nothing was said. */
  readonly why: string | null;
}

/** How an order ended. */
export interface Answer {
  /**
   * `refused`: a rule forbids it; `absent`: there is nothing to do it to; `failed`: it was tried and did not work.
   */
  readonly outcome: 'done' | 'refused' | 'absent' | 'failed';
  /** One line for people: what was done, or why it was not. */
  readonly message: string;
}
