import type { Probe } from '../classify/probe.ts';
import { mix } from '../net/hash.ts';

/** The same attempt within this time is one connect. It covers a SYN's retransmissions (RFC 6298). */
export const REPEAT_WINDOW_MS = 60_000;

/** Entries in one set: 64 octets, one cache line, so that a probe costs one memory access. */
const WAYS = 8;
const ENTRY_WORDS = 2;
const SET_WORDS = WAYS * ENTRY_WORDS;

/**
 * Half a million entries of 8 octets for all sources together. An attacker who fills them makes other sources'
 * attempts forgotten, so that a retransmission counts twice; the sources and their counts are stored elsewhere.
 */
const MAX_SETS = 65_536;

/** An entry is a tag, which is a hash of owner and key (0: empty), then the attempt's hash with the time. */
const ATTEMPT_TIME = 1;

/** Times are 16 bits of quarter seconds, so after 4.5 hours an attempt looks like a repeat again. */
const TICK_MS = 250;
const TIME_MASK = 0xffff;
const REPEAT_TICKS = REPEAT_WINDOW_MS / TICK_MS;

/** What `note` found: a new key, a key of another attempt, the same attempt long ago, or the same just now. */
export const Noted = { newKey: 0, newAttempt: 1, sameAttempt: 2, repeat: 3 } as const;
/** One of the values of `Noted`. */
export type Noted = (typeof Noted)[keyof typeof Noted];

/**
 * The last attempts of the tracked sources by source and key (a port, an attempt or a target), in a set-associative
 * table that evicts the entry noted longest ago. A source forgets all by taking a new owner number.
 */
export class Attempts {
  readonly #words: Int32Array;
  readonly #mask: number;

  /** Has a set for each of the owners, up to MAX_SETS. */
  constructor(owners = MAX_SETS) {
    const sets = Math.min(MAX_SETS, 2 ** Math.ceil(Math.log2(owners)));
    this.#words = new Int32Array(sets * SET_WORDS);
    this.#mask = sets - 1;
  }

  /**
   * Notes that `owner` made `attempt` (a hash) at the tick of its probe (`tickOf`). A key keeps its first attempt.
   * Without `mayAdd` a new key is not stored.
   */
  note(owner: number, key: number, attempt: number, tick: number, mayAdd: boolean): Noted {
    const words = this.#words;
    // Never 0.
    const tag = mix(owner ^ Math.imul(key, 0x9e3779b1)) || 1;
    const set = this.#setOf(owner, key);
    const end = set + SET_WORDS;
    // A set is filled from its beginning and never emptied, so the first empty entry is the end.
    let at = set;
    while (at < end && words[at] !== 0 && words[at] !== tag) at += ENTRY_WORDS;
    if (at < end && words[at] === tag) {
      const attemptTime = words[at + ATTEMPT_TIME] as number;
      if ((attemptTime ^ attempt) >>> 16 !== 0) return Noted.newAttempt;
      words[at + ATTEMPT_TIME] = (attemptTime & ~TIME_MASK) | tick;
      return ticksBetween(attemptTime, tick) <= REPEAT_TICKS ? Noted.repeat : Noted.sameAttempt;
    }
    if (!mayAdd) return Noted.newKey;
    if (at === end) at = this.#oldestOf(set, tick);
    words[at] = tag;
    words[at + ATTEMPT_TIME] = (attempt & ~TIME_MASK) | tick;
    return Noted.newKey;
  }

  /**
   * The start of a set. Owners with consecutive numbers and the same key have adjacent sets, so many sources that try
   * one port after another, in the order in which they first came, hit the cache.
   */
  #setOf(owner: number, key: number): number {
    return ((owner + (key >>> 1)) & this.#mask) * SET_WORDS;
  }

  /** The entry of a full set that was noted longest ago. */
  #oldestOf(set: number, tick: number): number {
    const words = this.#words;
    let oldest = set;
    let oldestAge = -1;
    for (let at = set; at < set + SET_WORDS; at += ENTRY_WORDS) {
      const age = ticksBetween(words[at + ATTEMPT_TIME] as number, tick);
      if (age <= oldestAge) continue;
      oldest = at;
      oldestAge = age;
    }
    return oldest;
  }

  /** Reads ahead for `note`, to have the set in the cache. The value is meaningless. */
  prefetch(owner: number, key: number): number {
    return this.#words[this.#setOf(owner, key)] as number;
  }
}

/** A probe's time as the table stores it. */
export function tickOf({ time }: Probe): number {
  return Math.floor(time / TICK_MS) & TIME_MASK;
}

/** The distance of two ticks, whichever is earlier, because captures may go back. Higher bits are ignored. */
function ticksBetween(then: number, now: number): number {
  const forward = (now - then) & TIME_MASK;
  return Math.min(forward, TIME_MASK + 1 - forward);
}
