import { parsePrefix } from '../../net/prefix.ts';
import { counted } from '../../record/counted.ts';
import type { Decision, EndedDecision, LeftOut, PullLimits } from '../engine.ts';
import { LeftOutCounts } from '../left-out.ts';
import { shown } from '../shown.ts';
import { type BlockMessage, decisionId, messageIn, type Signer, type UnblockMessage } from './message.ts';
import type { Entry } from './requests.ts';

/** Clocks of hosts may differ by this much. What is said of a later time is a mistake or a lie. */
const MAX_AHEAD_MS = 300_000;

/** No report lasts longer, so that an old message that somebody adds again does not come to life. */
const LONGEST_MS = 31 * 86_400_000;

/** Targets of which is known when they were unblocked last. */
const MAX_UNBLOCKED = 100_000;

/** What is known of a decision that stands. */
type Known = Pick<Decision, 'id' | 'target' | 'until'> & { readonly since: number };

/** What entries of the stream mean for the decisions of this host. */
export interface Change {
  readonly decisions: readonly Decision[];
  readonly ended: readonly EndedDecision[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * The decisions that stand by what the messages of a stream say. Messages mean the same in whatever order and however often
 * they come: a block is known by host, target and beginning, and an unblock ends what began until its time, for good. So
 * nobody without the key gains by adding an old message again.
 */
export class StreamState {
  readonly #known = new Map<string, Known>();
  readonly #byTarget = new Map<string, Set<string>>();
  /** When each target was unblocked last; the one that was unblocked longest ago first. */
  readonly #unblocked = new Map<string, number>();

  /** Decisions that stand. */
  get size(): number {
    return this.#known.size;
  }

  /**
   * Forgets what stands, before the stream is read from its beginning. What was unblocked stays so: the stream may have lost
   * the message that says so, and somebody may add the block again.
   */
  clear(): void {
    this.#known.clear();
    this.#byTarget.clear();
  }

  /** How many decisions stand on exactly this target. */
  countOf(target: string): number {
    return this.#byTarget.get(target)?.size ?? 0;
  }

  /**
   * The time for the message that somebody has unblocked this target at `at` (ms since the epoch). Hosts whose clocks are
   * ahead may have said something of it that began later by their clocks; what began much later is a block that came after.
   */
  unblockTime(target: string, at: number): number {
    const begun = [...(this.#byTarget.get(target) ?? [])].map((id) => this.#known.get(id)?.since ?? 0);
    return Math.max(at, ...begun.filter((since) => since <= at + MAX_AHEAD_MS));
  }

  /** Takes entries; `now` of the wall clock, ms since the epoch. */
  take(entries: readonly Entry[], signer: Signer, limits: PullLimits, now: number): Change {
    const decisions = new Map<string, Decision>();
    const ended: EndedDecision[] = [];
    const leftOut = new LeftOutCounts();
    for (const entry of entries) {
      const message = signer.isGenuine(entry) ? messageIn(entry.text) : NOT_SIGNED;
      if (typeof message === 'string') leftOut.add(message, `entry ${entry.id}`);
      else if (message.op === 'block') {
        const over = this.#endOf(message, limits);
        if (over !== null) ended.push(over);
        const taken = this.#block(message, limits, now);
        if (typeof taken === 'string') leftOut.add(taken, message.target);
        else if (taken !== null) decisions.set(taken.id, taken);
      } else if (message.at > now + MAX_AHEAD_MS) leftOut.add(AHEAD, message.target);
      else
        for (const id of this.#unblock(message))
          if (!decisions.delete(id) || limits.concerns(id)) ended.push({ id, ...message });
    }
    return { decisions: [...decisions.values()], ended, leftOut: leftOut.all };
  }

  /** Forgets what has ended. */
  forget(now: number): void {
    for (const { id, until } of this.#known.values()) if (until <= now) this.#remove(id);
    for (const [target, at] of this.#unblocked) if (at < now - LONGEST_MS) this.#unblocked.delete(target);
  }

  /** The new decision; null when it stands already, or no longer; a few words when it is left out. */
  #block(message: BlockMessage, limits: PullLimits, now: number): Decision | string | null {
    const { host, target, since, evidence, ports } = message;
    const id = decisionId(host, target, since);
    const until = Math.min(message.until, since + LONGEST_MS);
    const prefix = parsePrefix(target);
    if (since > now + MAX_AHEAD_MS) return AHEAD;
    if (prefix === null || until <= now || since <= (this.#unblocked.get(target) ?? 0)) return null;
    if (this.#known.has(id)) return null;
    if (this.#known.size >= limits.most && !limits.concerns(id)) return `SHARE_MAX is ${limits.most}`;
    this.#known.set(id, { id, target, since, until });
    const ids = this.#byTarget.get(target) ?? new Set();
    this.#byTarget.set(target, ids.add(id));
    const note = `portsentry/scan from ${shown(host)}: ${counted(ports, 'port')}, evidence ${evidence}`;
    return { id, target, prefix, until, note, isPortsentry: true };
  }

  /** The end of a decision that is in force here or comes from this host, and was ended before its message came. */
  #endOf({ host, target, since }: BlockMessage, limits: PullLimits): EndedDecision | null {
    const at = this.#unblocked.get(target);
    const id = decisionId(host, target, since);
    return at !== undefined && since <= at && limits.concerns(id) ? { id, target, at } : null;
  }

  /** The ids of the decisions that this ends. */
  #unblock({ target, at }: UnblockMessage): string[] {
    this.#note(target, at);
    const ids = [...(this.#byTarget.get(target) ?? [])].filter(
      (id) => (this.#known.get(id)?.since ?? 0) <= at,
    );
    for (const id of ids) this.#remove(id);
    return ids;
  }

  #note(target: string, at: number): void {
    const last = Math.max(at, this.#unblocked.get(target) ?? 0);
    this.#unblocked.delete(target);
    this.#unblocked.set(target, last);
    if (this.#unblocked.size > MAX_UNBLOCKED)
      this.#unblocked.delete(this.#unblocked.keys().next().value as string);
  }

  #remove(id: string): void {
    const target = this.#known.get(id)?.target;
    if (target === undefined) return;
    this.#known.delete(id);
    const ids = this.#byTarget.get(target);
    ids?.delete(id);
    if (ids?.size === 0) this.#byTarget.delete(target);
  }
}

const NOT_SIGNED = 'it is not signed with the key of SHARE_KEY_FILE';
const AHEAD = `it is of a time ahead of this host's clock by more than ${MAX_AHEAD_MS / 60_000} minutes`;
