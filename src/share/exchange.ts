import { EngineError, type Pulled, type ShareEngine } from './engine.ts';
import { Lane } from './lane.ts';
import { BatchLimit, deliver } from './push.ts';
import type { ShareQueue } from './queue.ts';
import type { Said } from './report.ts';

/** How often the engine is told that this host is alive. */
const BEAT_INTERVAL_MS = 60_000;

/** A decision that ends this close to the expected time has ended by itself. */
const SAME_TIME_MS = 3_000;

/** What an exchange works with. */
export interface ExchangeParts {
  readonly engine: ShareEngine;
  readonly queue: ShareQueue;
  /** The wall clock, ms since the epoch. */
  readonly wallNow: () => number;
  readonly pullIntervalMs: () => number;
  /** The most decisions that are taken. */
  readonly most: () => number;
  /** Whether a decision of others with this id is in the list. */
  readonly isListed: (id: string) => boolean;
  /** Puts decisions in force, without those of this host. Rejects with a one-line reason. */
  readonly apply: (pulled: Pulled) => Promise<void>;
  /** Somebody has ended this host's decision before its time. */
  readonly endedEarly: (said: Said) => void;
  /** Logs one line for the administrator. */
  readonly tell: (text: string) => void;
  /** A number from 0 to 1, by chance. */
  readonly random: () => number;
}

/**
 * Talks with an engine: tells it what waits in the queue, one request a second at most, and asks what others have said.
 * Nothing waits for it, and nothing that the engine does or leaves undone ends it.
 */
export class Exchange {
  readonly #parts: ExchangeParts;
  readonly #end = new AbortController();
  readonly #batch = new BatchLimit();
  readonly #pushing: Lane;
  readonly #pulling: Lane;
  #nextPullMs = 0;
  #nextWholeMs = 0;
  #needsWhole = true;
  #nextBeatMs = 0;
  #lastTurn: 'push' | 'pull' = 'push';
  /** When the engine took something, or gave its decisions, ms since the epoch by the wall clock; null for never. */
  lastPush: number | null = null;
  lastPull: number | null = null;
  /** Reports that the engine has taken, decisions that were ended there, and reports that it did not want. */
  pushed = 0;
  takenBack = 0;
  refused = 0;
  /** Answers with decisions. */
  pulls = 0;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    const { engine, tell, random } = parts;
    const { name } = engine;
    this.#pushing = new Lane({
      tell,
      random,
      what: `${name} is not told of sources`,
      again: `${name} is told again`,
    });
    this.#pulling = new Lane({
      tell,
      random,
      what: `${name} gives no decisions`,
      again: `${name} gives them again`,
    });
  }

  /** Why the engine is not told of anything now, in one line; null when it is. */
  get pushTrouble(): string | null {
    return this.#pushing.trouble;
  }

  /** Why the engine gives no decisions now, in one line; null when it does. */
  get pullTrouble(): string | null {
    return this.#pulling.trouble;
  }

  /** Whether nothing is under way. */
  get isQuiet(): boolean {
    return !this.#pushing.isBusy && !this.#pulling.isBusy;
  }

  /** Call it every second; `now` in ms by a clock that does not step. It returns at once. */
  tick(now: number): void {
    const { engine, queue } = this.#parts;
    const mayPush = engine.pushes && this.#pushing.isDue(now);
    const mayPull = engine.pulls && this.#pulling.isDue(now) && now >= this.#nextPullMs;
    if (engine.pullsLive) {
      if (mayPush) this.#push(now);
      if (mayPull) this.#pull(now);
      return;
    }
    // One at a time: what a push has made must be known by its id before a pull sees it.
    if (this.#pushing.isBusy || this.#pulling.isBusy) return;
    const isPushFirst = mayPush && queue.size > 0 && this.#lastTurn === 'pull';
    this.#lastTurn = mayPull && !isPushFirst ? 'pull' : 'push';
    if (this.#lastTurn === 'pull') this.#pull(now);
    else if (mayPush) this.#push(now);
  }

  /** Ends what is under way, and resolves when it has ended. */
  async close(): Promise<void> {
    this.#end.abort();
    await Promise.all([this.#pushing.settled(), this.#pulling.settled()]);
    this.#parts.engine.close();
  }

  /** One batch, or the heartbeat when nothing waits. */
  #push(now: number): void {
    const { engine, queue, wallNow, tell } = this.#parts;
    if (queue.size === 0 && now < this.#nextBeatMs) return;
    this.#pushing.run(now, async () => {
      if (queue.size === 0) await engine.beat(this.#end.signal);
      else {
        const { pushed, takenBack, refused } = await deliver(
          { engine, queue, batch: this.#batch, tell },
          this.#end.signal,
        );
        this.pushed += pushed;
        this.takenBack += takenBack;
        this.refused += refused;
        this.lastPush = wallNow();
      }
      this.#nextBeatMs = now + BEAT_INTERVAL_MS;
    });
  }

  #pull(now: number): void {
    const { engine, pullIntervalMs } = this.#parts;
    this.#nextPullMs = now + pullIntervalMs();
    const whole = this.#needsWhole || now >= this.#nextWholeMs;
    this.#pulling.run(now, async () => {
      const pulled = await this.#ask(whole);
      this.#needsWhole = true;
      await this.#apply(pulled);
      this.#needsWhole = false;
      if (whole) this.#nextWholeMs = now + engine.wholeIntervalMs;
    });
  }

  async #ask(whole: boolean): Promise<Pulled> {
    const { engine, queue, most, isListed } = this.#parts;
    const limits = { most: most(), concerns: (id: string) => isListed(id) || queue.knows(id) };
    // Most engines do not say the same news twice.
    this.#needsWhole = whole || !engine.keepsPlace;
    return engine.pull(whole, limits, this.#end.signal);
  }

  async #apply(pulled: Pulled): Promise<void> {
    const { queue, wallNow, apply } = this.#parts;
    const decisions = pulled.decisions.filter(({ id, target }) => queue.saidBy(id, target) === undefined);
    const ended = pulled.ended.filter(({ id, target, at }) => !this.#isOwnEnd(id, target, at));
    try {
      await apply({ ...pulled, decisions, ended });
    } catch (error) {
      throw new EngineError((error as Error).message, 'undone');
    }
    this.pulls++;
    this.lastPull = wallNow();
  }

  #isOwnEnd(id: string, target: string, at: number): boolean {
    const { queue, endedEarly } = this.#parts;
    const said = queue.saidBy(id, target);
    if (said === undefined) return false;
    queue.ended(id);
    if (at < said.until - SAME_TIME_MS) endedEarly(said);
    return true;
  }
}
