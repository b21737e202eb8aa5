import type { Address } from '../net/address.ts';
import type { Evidence } from './evidence.ts';

/** Evidence that no blind forger can make. */
export type Proof = Extract<Evidence, 'reacts' | 'handshake'>;

/** An address that is genuine, and how that is known. */
export interface ProvenAddress {
  readonly address: Address;
  readonly proof: Proof;
}

/** Each slot has a row of 112 octets: first doubles, then words. */
const ROW_DOUBLES = 14;
const ROW_WORDS = 2 * ROW_DOUBLES;

/** What is a time in ms, or the number of a frame: offsets in a row, in doubles. */
export const Wide = {
  unreportedSince: 0,
  lastAlreadyBlocked: 1,
  lastFailure: 2,
  firstFrame: 3,
  lastFrame: 4,
} as const;
export type Wide = (typeof Wide)[keyof typeof Wide];

/** What is a whole number: offsets in a row, in words. */
export const Count = {
  flags: 10,
  failures: 11,
  lines: 12,
  quietLines: 13,
  shown: 14,
  unreportedProbes: 15,
  unreportedPorts: 16,
  countedPorts: 17,
  evidence: 18,
  tool: 19,
  toolLead: 20,
  toolKey: 21,
  toolKeyPort: 22,
  traceroutes: 23,
  firstFile: 24,
  lastFile: 25,
  reportedProbes: 26,
} as const;
export type Count = (typeof Count)[keyof typeof Count];

/** What is true or not: bits of the flags. */
export const Flag = {
  alerted: 1 << 0,
  isSummed: 1 << 1,
  refusal: 1 << 2,
  history: 1 << 3,
  triggered: 1 << 4,
  acted: 1 << 5,
  hasToolKey: 1 << 6,
} as const;
export type Flag = (typeof Flag)[keyof typeof Flag];

/** Something was written to the row. */
const IS_WRITTEN = 1 << 31;

const NONE: readonly ProvenAddress[] = [];

/** A count that is larger stays there. */
const MAX_COUNT = 2 ** 32 - 1;

/**
 * What is known of sources besides their probes, by slot. `Source` and its parts are views of a row. It is one typed array,
 * because a flood of forged sources that trigger fills every slot, and objects take three times the memory. Memory of
 * rows that are not written to is not occupied.
 */
export class SourceState {
  /** Few sources prove an address. */
  readonly #proven = new Map<number, readonly ProvenAddress[]>();
  readonly #words: Uint32Array;
  readonly #doubles: Float64Array;

  constructor(slots: number) {
    this.#doubles = new Float64Array(slots * ROW_DOUBLES);
    this.#words = new Uint32Array(this.#doubles.buffer);
  }

  count(slot: number, count: Count): number {
    return this.#words[slot * ROW_WORDS + count] as number;
  }

  setCount(slot: number, count: Count, value: number): void {
    const row = slot * ROW_WORDS;
    this.#words[row + count] = Math.min(value, MAX_COUNT);
    this.#setBits(row, IS_WRITTEN);
  }

  wide(slot: number, wide: Wide): number {
    return this.#doubles[slot * ROW_DOUBLES + wide] as number;
  }

  setWide(slot: number, wide: Wide, value: number): void {
    this.#doubles[slot * ROW_DOUBLES + wide] = value;
    this.#setBits(slot * ROW_WORDS, IS_WRITTEN);
  }

  has(slot: number, flag: Flag): boolean {
    return ((this.#words[slot * ROW_WORDS + Count.flags] as number) & flag) !== 0;
  }

  setFlag(slot: number, flag: Flag, isSet: boolean): void {
    const row = slot * ROW_WORDS;
    if (isSet) this.#setBits(row, flag | IS_WRITTEN);
    else this.#words[row + Count.flags] = (this.#words[row + Count.flags] as number) & ~flag;
  }

  /** The addresses of the source that are genuine. */
  proven(slot: number): readonly ProvenAddress[] {
    return this.#proven.get(slot) ?? NONE;
  }

  setProven(slot: number, proven: readonly ProvenAddress[]): void {
    this.#proven.set(slot, proven);
    this.#setBits(slot * ROW_WORDS, IS_WRITTEN);
  }

  forgetProven(slot: number): void {
    this.#proven.delete(slot);
  }

  /** Whether anything is known of the source, so that there is something to reset. */
  isWritten(slot: number): boolean {
    return this.#words[slot * ROW_WORDS + Count.flags] !== 0;
  }

  /** Forgets all that is known, because the slot changes hands. */
  reset(slot: number): void {
    if (!this.isWritten(slot)) return;
    this.#words.fill(0, slot * ROW_WORDS, (slot + 1) * ROW_WORDS);
    this.#proven.delete(slot);
  }

  #setBits(row: number, bits: number): void {
    this.#words[row + Count.flags] = (this.#words[row + Count.flags] as number) | bits;
  }
}
