import type { Prefix } from '../net/prefix.ts';
import type { Report, Said } from './report.ts';

/** Why an engine did not do what it was asked. */
export class EngineError extends Error {
  /**
   * What is known of the request. `unknown`: it may have been carried out, because the answer is missing. `refused`: the
   * engine looked at it and said no, so that the same request gets the same answer. `undone`: it was not carried out, and
   * may be later.
   */
  readonly outcome: 'unknown' | 'refused' | 'undone';

  /** `message` is one line for the administrator, without secrets and control characters. */
  constructor(message: string, outcome: EngineError['outcome']) {
    super(message);
    this.outcome = outcome;
  }
}

/**
 * What became of a report: the decisions that the engine made of it, by ids that are unique within the engine; none when
 * its time was over.
 */
export type Pushed = readonly Said[];

/** A decision of the engine to block a target. */
export interface Decision {
  readonly id: string;
  /** Canonical text of `prefix`. */
  readonly target: string;
  readonly prefix: Prefix;
  /** When it ends, ms since the epoch by the wall clock of this host. */
  readonly until: number;
  /** The host that decided it, if its name is known, and the reason: one line of printable characters. */
  readonly note: string;
  /** Whether a portsentry said it, on this host or another one. */
  readonly isPortsentry: boolean;
}

/** A decision that has ended. */
export interface EndedDecision {
  readonly id: string;
  readonly target: string;
  /** When it ended, ms since the epoch, by the clock that its `until` was counted with. */
  readonly at: number;
}

/** Decisions that this program does not carry out, of one kind. */
export interface LeftOut {
  readonly count: number;
  /** The first of them, one line of printable characters. */
  readonly first: string;
  readonly why: string;
}

/** What the engine answered when it was asked for decisions. */
export interface Pulled {
  /** `decisions` are all that there are, and not only those that are new since the last answer. */
  readonly isWhole: boolean;
  readonly decisions: readonly Decision[];
  readonly ended: readonly EndedDecision[];
  readonly leftOut: readonly LeftOut[];
}

/** One line of `share --test`. */
export interface TestLine {
  readonly isGood: boolean;
  readonly text: string;
}

/** What is taken of an answer with decisions. */
export interface PullLimits {
  /** The most decisions. */
  readonly most: number;
  /** Whether the end of a decision is of interest; most of those of a whole answer are not. */
  readonly concerns: (id: string) => boolean;
}

/**
 * An engine that many hosts share: they tell it of sources that they have blocked, and it tells them of those of others.
 * All promises reject with an EngineError and nothing else, within a bounded time; `signal` ends them at once. One call
 * runs at a time, except that a pull may wait for news while others run where `pullsLive` is set.
 */
export interface ShareEngine {
  /** What messages call it, such as `CrowdSec at https://lapi.example:8080`; without secrets. */
  readonly name: string;
  /** Names what it is, and what ids are of: after a change of it, ids that are known mean nothing. */
  readonly identity: string;
  /** The name of the list that holds its decisions. */
  readonly list: string;
  /** Whether this host may tell it anything. */
  readonly pushes: boolean;
  /** Whether this host asks it for decisions. */
  readonly pulls: boolean;
  /** A pull returns when there is news, so that it needs no pause. */
  readonly pullsLive: boolean;
  /** After a pull that failed the next one goes on where that one began. Otherwise all must be asked for. */
  readonly keepsPlace: boolean;
  /** How often it is asked for all decisions, in ms, although it has told of all that are new. */
  readonly wholeIntervalMs: number;
  /** The most reports of one push. */
  readonly batchSize: number;
  /** Reports in doubt that `findPushed` is asked about at once. */
  readonly findBatchSize: number;
  /**
   * Sends reports. Resolves to what became of each. After an EngineError with the outcome `unknown` the caller asks
   * `findPushed` before it sends them again; `refused` means that at least one of them is not to the engine's liking.
   */
  push(batch: readonly Report[], signal: AbortSignal): Promise<readonly Pushed[]>;
  /** Which of these reports of this host the engine has; null for each that it has not. */
  findPushed(batch: readonly Report[], signal: AbortSignal): Promise<readonly (Pushed | null)[]>;
  /**
   * Ends the decisions on this very target that any portsentry has pushed, because it was unblocked at `at` (ms since the
   * epoch), which may be long ago. Resolves to how many there were.
   */
  takeBack(target: string, at: number, signal: AbortSignal): Promise<number>;
  /** Asks for decisions: for all (`whole`), or for what is new since the last answer. */
  pull(whole: boolean, limits: PullLimits, signal: AbortSignal): Promise<Pulled>;
  /** Says that this host is alive, where the engine wants to know; called once a minute. */
  beat(signal: AbortSignal): Promise<void>;
  /** Tries what this host may do there, and changes nothing; never rejects. */
  test(signal: AbortSignal): Promise<readonly TestLine[]>;
  /** Ends; nothing is called after it. */
  close(): void;
}
