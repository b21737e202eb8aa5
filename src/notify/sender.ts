import { resolvesWithin } from '../commands/within.ts';
import type { Channel } from './channel.ts';
import { Group } from './group.ts';
import { type Message, messageOf, type Sender as Origin } from './message.ts';
import type { Notice } from './notice.ts';
import type { Outcome } from './outcome.ts';

/** The least time from the beginning of one message to that of the next. */
export const PACE_MS = 60_000;

/** Pauses after failures: each is twice as long as the one before. */
const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 900_000;

/** How long a delivery that was aborted may take to end: a command gets TERM, then KILL. */
const ABORT_TIME_MS = 400;

/** Why a message at the end was not delivered. */
const TOO_LATE = 'no answer before the end';

/** What a sender works with. */
export interface SenderParts {
  readonly channel: Channel;
  readonly origin: Origin;
  /** ms by a clock that does not step. */
  readonly now: () => number;
  /** A time of that clock as the wall clock has it. */
  readonly toWall: (time: number) => number;
  /** Remembers beyond the end of the process when the last message was sent (wall clock, ms); left out for a test. */
  readonly pace?: { readonly last: number | null; note(time: number): void };
  /** Gets one line when deliveries begin to fail, when they work again, and when notices are lost at the end. */
  readonly tell: (text: string) => void;
}

/** How a channel is doing. Times are by the clock of `SenderParts.now`. */
export interface SenderState {
  /** Messages that were delivered, and attempts that failed. */
  readonly sent: number;
  readonly failed: number;
  /** Notices that wait for the next message. */
  readonly waiting: number;
  readonly lastSent: number | null;
  /** Why the last attempt failed; null when it did not. */
  readonly failure: string | null;
  /** Attempts that failed since one succeeded. */
  readonly failures: number;
}

/**
 * Sends what happens through one channel: one message at a time, and one a minute at most. Everything else waits in a group
 * of bounded size. What cannot be delivered goes back there, and is tried again after growing pauses.
 */
export class Sender {
  readonly #parts: SenderParts;
  readonly #group = new Group();
  #channel: Channel;
  #nextMs = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> | null = null;
  #abort = new AbortController();
  #sent = 0;
  #failed = 0;
  #failures = 0;
  #failure: string | null = null;
  #lastSent: number | null = null;
  /** Why the last test failed, if nothing was delivered since. */
  #testFailure: string | null = null;
  /** Notices of the message under way. */
  #inDelivery = 0;
  /** How the last attempt ended; null when it was broken off. */
  #lastAnswer: string | null = null;
  #closing = false;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#channel = parts.channel;
    const { pace, now, toWall } = parts;
    const agoMs = toWall(now()) - (pace?.last ?? 0);
    // A time in the future is of a clock that was wrong.
    if (agoMs >= 0 && agoMs < PACE_MS) this.#nextMs = now() + PACE_MS - agoMs;
  }

  get channel(): Channel {
    return this.#channel;
  }

  get state(): SenderState {
    return {
      sent: this.#sent,
      failed: this.#failed,
      waiting: this.#group.size,
      lastSent: this.#lastSent,
      failure: this.#testFailure ?? this.#failure,
      failures: this.#failures + (this.#testFailure === null ? 0 : 1),
    };
  }

  add(notice: Notice): void {
    if (!this.#closing) this.#group.add(notice);
  }

  /** Takes over another address or command. What failed there is tried here as soon as the minute allows it. */
  configure(channel: Channel): void {
    const isOther = channel.key !== this.#channel.key;
    this.#channel = channel;
    if (isOther) this.#testFailure = null;
    if (!isOther || this.#failures === 0) return;
    this.#failures = 0;
    this.#failure = null;
    this.#nextMs = (this.#lastSent ?? Number.NEGATIVE_INFINITY) + PACE_MS;
  }

  /** Call every second. */
  tick(): void {
    if (this.#closing || this.#underWay !== null || this.#group.isEmpty) return;
    if (this.#parts.now() >= this.#nextMs) this.#begin();
  }

  /**
   * Delivers a test message beside all others, and remembers how that ended. What waits is sent no earlier or later for it.
   * Never rejects.
   */
  async try(message: Message): Promise<Outcome> {
    const channel = this.#channel;
    const outcome = await this.#deliver(channel, message, this.#abort.signal);
    if (channel.key !== this.#channel.key) return outcome;
    if (outcome.isDelivered) this.#succeeded(channel);
    else {
      this.#failed++;
      this.#testFailure = outcome.answer;
    }
    return outcome;
  }

  /**
   * Sends what waits without regard to the minute, and ends. A delivery under way gets half of the time; what it does not
   * deliver goes with the last message. One line tells what is lost.
   */
  async close(timeMs: number): Promise<void> {
    this.#closing = true;
    const begunMs = this.#parts.now();
    if (this.#underWay !== null) {
      await this.#endsWithin(timeMs / 2);
      this.#abort.abort();
      await this.#endsWithin(ABORT_TIME_MS);
      this.#abort = new AbortController();
    }
    if (!this.#group.isEmpty) {
      this.#begin();
      const restMs = timeMs - (this.#parts.now() - begunMs);
      await this.#endsWithin(Math.max(0, restMs));
    }
    this.#abort.abort();
    await this.#endsWithin(ABORT_TIME_MS);
    this.#tellLost();
  }

  /** What was not delivered at the end is in no later message. */
  #tellLost(): void {
    const lost = this.#group.size + this.#inDelivery;
    if (lost === 0) return;
    const notices = lost === 1 ? 'One notice' : `${lost} notices`;
    this.#parts.tell(`${notices} did not reach ${this.#channel.to()}: ${this.#lastAnswer ?? TOO_LATE}.`);
  }

  /** Waits for the delivery under way, if there is one: it may have ended meanwhile. */
  async #endsWithin(timeMs: number): Promise<void> {
    if (this.#underWay !== null) await resolvesWithin(this.#underWay, timeMs);
  }

  #begin(): void {
    const { now, toWall, pace } = this.#parts;
    this.#nextMs = now() + PACE_MS;
    pace?.note(toWall(now()));
    this.#underWay = this.#send().finally(() => {
      this.#underWay = null;
    });
  }

  async #send(): Promise<void> {
    this.#inDelivery = this.#group.size;
    this.#lastAnswer = null;
    const grouped = this.#group.take();
    const channel = this.#channel;
    const { signal } = this.#abort;
    const outcome = await this.#deliver(channel, messageOf(grouped, this.#parts.origin), signal);
    this.#inDelivery = 0;
    this.#lastAnswer = signal.aborted ? null : outcome.answer;
    if (outcome.isDelivered) {
      this.#succeeded(channel);
      return;
    }
    this.#group.putBack(grouped);
    if (!this.#closing) this.#hasFailed(channel, outcome);
  }

  #deliver(channel: Channel, message: Message, signal: AbortSignal): Promise<Outcome> {
    const { now, toWall, origin } = this.#parts;
    return channel.deliver(message, { signal, now: toWall(now()), version: origin.version });
  }

  #succeeded(channel: Channel): void {
    if (this.#failures > 0) {
      const attempts = this.#failures === 1 ? 'one attempt' : `${this.#failures} attempts`;
      this.#parts.tell(`Notifications reach ${channel.to()} again, after ${attempts} that failed.`);
    }
    this.#sent++;
    this.#lastSent = this.#parts.now();
    this.#failures = 0;
    this.#failure = null;
    this.#testFailure = null;
  }

  #hasFailed(channel: Channel, { answer, retryAfterMs }: Outcome): void {
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failed++;
    this.#failures++;
    this.#failure = answer;
    this.#nextMs = this.#parts.now() + Math.max(pauseMs, retryAfterMs ?? 0);
    if (this.#failures > 1) return;
    this.#parts.tell(`A notification did not reach ${channel.to()}: ${answer}; it is tried again.`);
  }
}
