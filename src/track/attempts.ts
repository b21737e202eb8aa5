import type { Probe } from '../classify/probe.ts';
import { mix } from '../net/hash.ts';

/** The same attempt within this time (ms) is one connect: it covers a SYN's retransmissions (RFC 6298). */
export const REPEAT_WINDOW = 60_000;

/** Entries in one set: 64 octets, one cache line, so that a probe costs one access to memory. */
const WAYS = 8;
const ENTRY_WORDS = 2;
const SET_WORDS = WAYS * ENTRY_WORDS;

/**
 * Sets: half a million entries of 8 octets for all sources together. Whoever fills them makes others' attempts
 * forgotten, so that one sent again counts twice; the sources themselves and their counts are elsewhere.
 */
const SETS = 65_536;

/** An entry is what it is about, a hash of owner and key (0: empty), and then the attempt's hash and the time. */
const ATTEMPT_TIME = 1;

/** Times are kept in 16 bits of quarters of a second: an attempt is taken for a repeat again after 4.5 hours. */
const TICK = 250;
const TIME_MASK = 0xffff;
const REPEAT_TICKS = REPEAT_WINDOW / TICK;

/** What a note tells of the key: it is new, it belongs to another attempt, to this one long ago, or just now. */
export const Noted = { newKey: 0, newAttempt: 1, sameAttempt: 2, repeat: 3 } as const;
export type Noted = (typeof Noted)[keyof typeof Noted];

/**
 * What the tracked sources did last, by source and key (a port, an attempt, a target): a table of a fixed size in
 * sets, in which the entry noted longest ago makes room. A source forgets all by taking another owner number.
 */
export class Attempts {
  readonly #words = new Int32Array(SETS * SET_WORDS);

  /**
   * Notes that `owner` made `attempt` (a hash) at the tick of its probe (`tickOf`). A key keeps the attempt that it came
   * with. With `mayAdd` false a new key is not kept.
   */
  note(owner: number, key: number, attempt: number, tick: number, mayAdd: boolean): Noted {
    const words = this.#words;
    // Never 0.
    const about = mix(owner ^ Math.imul(key, 0x9e3779b1)) || 1;
    const set = setOf(owner, key);
    const end = set + SET_WORDS;
    // A set is filled from its beginning and nothing is taken out: the first empty entry is the end.
    let at = set;
    while (at < end && words[at] !== 0 && words[at] !== about) at += ENTRY_WORDS;
    if (at < end && words[at] === about) {
      const attemptTime = words[at + ATTEMPT_TIME] as number;
      if ((attemptTime ^ attempt) >>> 16 !== 0) return Noted.newAttempt;
      words[at + ATTEMPT_TIME] = (attemptTime & ~TIME_MASK) | tick;
      return ticksBetween(attemptTime, tick) <= REPEAT_TICKS ? Noted.repeat : Noted.sameAttempt;
    }
    if (!mayAdd) return Noted.newKey;
    if (at === end) at = this.#oldestOf(set, tick);
    words[at] = about;
    words[at + ATTEMPT_TIME] = (attempt & ~TIME_MASK) | tick;
    return Noted.newKey;
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

  /** Reads what `note` will need, so that it is in the cache then. The value is of no use. */
  warm(owner: number, key: number): number {
    return this.#words[setOf(owner, key)] as number;
  }
}

/** A probe's time as it is kept. */
export function tickOf({ time }: Probe): number {
  return Math.floor(time / TICK) & TIME_MASK;
}

/**
 * Owners with consecutive numbers who come with the same key have sets side by side: many sources that try one port
 * after the other, in the order in which they first came, find them in the cache.
 */
function setOf(owner: number, key: number): number {
  return ((owner + (key >>> 1)) & (SETS - 1)) * SET_WORDS;
}

/** Between two ticks, above which there may be other bits; whichever is earlier, for captures may go back. */
function ticksBetween(then: number, now: number): number {
  const forward = (now - then) & TIME_MASK;
  return Math.min(forward, TIME_MASK + 1 - forward);
}
