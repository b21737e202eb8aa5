import { mix } from '../net/hash.ts';

/** The same attempt within this time (ms) is one connect: it covers a SYN's retransmissions (RFC 6298). */
export const REPEAT_WINDOW = 60_000;

/** Entries in one set: 64 octets, one cache line, so that a probe costs one access to memory. */
const WAYS = 8;
const ENTRY_WORDS = 2;
const SET_WORDS = WAYS * ENTRY_WORDS;

/**
 * Sets: a million entries of 8 octets for all sources together. Whoever fills them makes others' attempts
 * forgotten, so that one sent again counts twice; the sources themselves and their counts are elsewhere.
 */
const SETS = 131_072;

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
   * Notes that `owner` made `attempt` (a hash) at the tick of a time (`tickOf`). A key keeps the attempt that it came
   * with. With `mayAdd` false a new key is not kept.
   */
  note(owner: number, key: number, attempt: number, tick: number, mayAdd: boolean): Noted {
    const words = this.#words;
    const about = aboutOf(owner, key);
    const set = setOf(owner, key);
    let at = set;
    // A set is filled from its beginning and nothing is taken out: the first empty entry is the end.
    for (; at < set + SET_WORDS && words[at] !== 0; at += ENTRY_WORDS) {
      if (words[at] === about) return this.#noteAgain(at, attempt, tick);
    }
    if (!mayAdd) return Noted.newKey;
    if (at === set + SET_WORDS) at = this.#oldestOf(set, tick);
    words[at] = about;
    words[at + ATTEMPT_TIME] = (attempt & ~TIME_MASK) | tick;
    return Noted.newKey;
  }

  #noteAgain(at: number, attempt: number, tick: number): Noted {
    const words = this.#words;
    const attemptTime = words[at + ATTEMPT_TIME] as number;
    if ((attemptTime ^ attempt) >>> 16 !== 0) return Noted.newAttempt;
    words[at + ATTEMPT_TIME] = (attemptTime & ~TIME_MASK) | tick;
    return ticksBetween(attemptTime & TIME_MASK, tick) <= REPEAT_TICKS ? Noted.repeat : Noted.sameAttempt;
  }

  /** The entry of a full set that was noted longest ago. */
  #oldestOf(set: number, tick: number): number {
    let oldest = set;
    let oldestAge = -1;
    for (let at = set; at < set + SET_WORDS; at += ENTRY_WORDS) {
      const age = ticksBetween((this.#words[at + ATTEMPT_TIME] as number) & TIME_MASK, tick);
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

/** The time (ms) as it is kept: a small number, for which V8 makes no object when it is passed on. */
export function tickOf(time: number): number {
  return Math.floor(time / TICK) & TIME_MASK;
}

/** Never 0. */
function aboutOf(owner: number, key: number): number {
  return mix(owner ^ Math.imul(key, 0x9e3779b1)) || 1;
}

/**
 * Owners with consecutive numbers who come with the same key have sets side by side: many sources that try one port
 * after the other, in the order in which they first came, find them in the cache.
 */
function setOf(owner: number, key: number): number {
  return ((owner + (key >>> 1)) & (SETS - 1)) * SET_WORDS;
}

/** Whichever is earlier: captures may go back. */
function ticksBetween(then: number, now: number): number {
  const forward = (now - then) & TIME_MASK;
  return forward > TIME_MASK / 2 ? TIME_MASK + 1 - forward : forward;
}
