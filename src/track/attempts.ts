import { mix } from '../net/hash.ts';

/** The same attempt within this time (ms) is one connect: it covers a SYN's retransmissions (RFC 6298). */
export const REPEAT_WINDOW = 60_000;

/** Entries in one set: 64 octets, one cache line, so that a probe costs one access to memory. */
const WAYS = 4;
const ENTRY_WORDS = 4;
const SET_WORDS = WAYS * ENTRY_WORDS;

/**
 * Sets: a million entries of 16 octets for all sources together. Whoever fills them makes others' attempts
 * forgotten, so that one sent again counts twice; the sources themselves and their counts are elsewhere.
 */
const SETS = 262_144;

// One entry.
const OWNER = 0;
const KEY = 1;
const ATTEMPT = 2;
const TIME = 3;

/** What a note tells of the key: it is new, it belongs to another attempt, to this one long ago, or just now. */
export const Noted = { newKey: 0, newAttempt: 1, sameAttempt: 2, repeat: 3 } as const;
export type Noted = (typeof Noted)[keyof typeof Noted];

/**
 * What the tracked sources did last, by source and key (a port, an attempt, a target): a table of a fixed size in
 * sets, in which the entry noted longest ago makes room. A source forgets all by taking another owner number.
 */
export class Attempts {
  readonly #words = new Uint32Array(SETS * SET_WORDS);

  /**
   * Notes that `owner` made `attempt` at `time` (ms modulo 2^32). A key keeps the attempt that it came with. With
   * `mayAdd` false a new key is not kept. Owner numbers are not 0.
   */
  note(owner: number, key: number, attempt: number, time: number, mayAdd: boolean): Noted {
    const words = this.#words;
    const set = (mix(owner ^ Math.imul(key, 0x9e3779b1)) & (SETS - 1)) * SET_WORDS;
    let oldest = set;
    let oldestAge = -1;
    for (let at = set; at < set + SET_WORDS; at += ENTRY_WORDS) {
      const age = words[at + OWNER] === 0 ? Number.MAX_SAFE_INTEGER : ageOf(words[at + TIME] as number, time);
      if (words[at + OWNER] === owner && words[at + KEY] === key) {
        if (words[at + ATTEMPT] !== attempt) return Noted.newAttempt;
        words[at + TIME] = time;
        return age <= REPEAT_WINDOW ? Noted.repeat : Noted.sameAttempt;
      }
      if (age > oldestAge) {
        oldest = at;
        oldestAge = age;
      }
    }
    if (mayAdd) {
      words[oldest + OWNER] = owner;
      words[oldest + KEY] = key;
      words[oldest + ATTEMPT] = attempt;
      words[oldest + TIME] = time;
    }
    return Noted.newKey;
  }
}

/** Ms between two times modulo 2^32, whichever is earlier: captures may go back. */
export function ageOf(then: number, now: number): number {
  return Math.abs((now - then) | 0);
}
