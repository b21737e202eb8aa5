/**
 * A chunk of 64 octets, one cache line: the next chunk of the owner, the kind of its numbers with how many ranges of
 * them it holds, and the ranges, each with its first number in the upper half.
 */
const CHUNK_WORDS = 16;
const NEXT = 0;
const HEAD = 1;
const FIRST_RANGE = 2;
const MAX_RANGES = CHUNK_WORDS - FIRST_RANGE;
const KIND_SHIFT = 8;
const COUNT_MASK = 0xff;
/** In place of the number of ranges: the chunk names a bitmap. */
const IS_BITMAP = 0xff;

/** A set of so many chunks becomes a bitmap, if one is free; a set of more than the second number of chunks ends. */
const MANY_CHUNKS = 8;
const MAX_CHUNKS = 40;

/** Words of a bitmap of 65,536 numbers: 8 KiB. */
const BITMAP_WORDS = 2_048;

/** 8 MiB. The memory of chunks and bitmaps that were never needed is not occupied. */
const MAX_BITMAPS = 1_024;

/** What `add` found: a number in the set, one that it has added, or one that it has no room to tell. */
export const Added = { known: 0, added: 1, unknown: 2 } as const;
/** One of the values of `Added`. */
export type Added = (typeof Added)[keyof typeof Added];

/** Numbers from `first` to `last`. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Exact sets of 16-bit numbers, several kinds for each owner: ranges in order, and a bitmap for a set of many. An
 * attacker who fills the memory leaves later sets incomplete, and each of them says so; 256 numbers always fit into
 * the chunks of one set.
 */
export class NumberSets {
  readonly #heads: Int32Array;
  /** Made with the first number. */
  #chunks = new Int32Array(0);
  readonly #maxChunks: number;
  readonly #maxBitmaps: number;
  #bitmaps = new Int32Array(0);
  #usedChunks = 1;
  #freeChunk = 0;
  #usedBitmaps = 0;
  readonly #freeBitmaps: number[] = [];

  /** There are owners from 0 on, and twice as many chunks. */
  constructor(owners: number) {
    this.#heads = new Int32Array(owners);
    this.#maxChunks = Math.max(owners * 2, MAX_CHUNKS);
    this.#maxBitmaps = Math.min(owners, MAX_BITMAPS);
  }

  /** Whether the owner has no number of any kind. */
  isEmpty(owner: number): boolean {
    return this.#heads[owner] === 0;
  }

  /** Adds a number to the owner's set of this kind (0 to 255). Kinds with lower numbers are found sooner. */
  add(owner: number, kind: number, number: number): Added {
    const chunks = this.#chunks;
    let before = 0;
    let place = 0;
    let passed = 0;
    for (let at = this.#heads[owner] as number; at !== 0; at = chunks[at + NEXT] as number) {
      const kindHere = (chunks[at + HEAD] as number) >> KIND_SHIFT;
      if (kindHere > kind) break;
      if (kindHere === kind) {
        if (((chunks[at + HEAD] as number) & COUNT_MASK) === IS_BITMAP) return this.#addBit(at, number);
        if (place !== 0 && (chunks[at + FIRST_RANGE] as number) >>> 16 > number) break;
        place = at;
        passed++;
      }
      before = at;
    }
    if (place === 0) return this.#addChunk(owner, before, kind, number) ? Added.added : Added.unknown;
    return this.#addToChunk(owner, place, kind, number, passed);
  }

  /** The owner's numbers of this kind, in order. Ranges may touch. */
  *ranges(owner: number, kind: number): Generator<NumberRange> {
    const chunks = this.#chunks;
    for (let at = this.#heads[owner] as number; at !== 0; at = chunks[at + NEXT] as number) {
      const head = chunks[at + HEAD] as number;
      if (head >> KIND_SHIFT !== kind) continue;
      if ((head & COUNT_MASK) === IS_BITMAP) yield* this.#bitRanges(at);
      else {
        for (let index = 0; index < (head & COUNT_MASK); index++) {
          const range = chunks[at + FIRST_RANGE + index] as number;
          yield { first: range >>> 16, last: range & 0xffff };
        }
      }
    }
  }

  /** Forgets all numbers of the owner. */
  clear(owner: number): void {
    const chunks = this.#chunks;
    let at = this.#heads[owner] as number;
    if (at === 0) return;
    this.#heads[owner] = 0;
    while (at !== 0) {
      const next = chunks[at + NEXT] as number;
      if (((chunks[at + HEAD] as number) & COUNT_MASK) === IS_BITMAP) this.#freeBitmap(at);
      this.#release(at);
      at = next;
    }
  }

  #addToChunk(owner: number, at: number, kind: number, number: number, passed: number): Added {
    const chunks = this.#chunks;
    const count = (chunks[at + HEAD] as number) & COUNT_MASK;
    const ranges = at + FIRST_RANGE;
    // The first range behind the number.
    let index = count;
    while (index > 0 && (chunks[ranges + index - 1] as number) >>> 16 > number) index--;
    const before = index > 0 ? (chunks[ranges + index - 1] as number) : 0;
    if (index > 0 && number <= (before & 0xffff)) return Added.known;
    const after = index < count ? (chunks[ranges + index] as number) : 0;
    const joinsBefore = index > 0 && (before & 0xffff) + 1 === number;
    const joinsAfter = index < count && after >>> 16 === number + 1;
    if (joinsBefore && joinsAfter) {
      chunks[ranges + index - 1] = (before & ~0xffff) | (after & 0xffff);
      chunks.copyWithin(ranges + index, ranges + index + 1, ranges + count);
      chunks[at + HEAD] = (chunks[at + HEAD] as number) - 1;
    } else if (joinsBefore) chunks[ranges + index - 1] = (before & ~0xffff) | number;
    else if (joinsAfter) chunks[ranges + index] = (number << 16) | (after & 0xffff);
    else if (count < MAX_RANGES) {
      chunks.copyWithin(ranges + index + 1, ranges + index, ranges + count);
      chunks[ranges + index] = (number << 16) | number;
      chunks[at + HEAD] = (chunks[at + HEAD] as number) + 1;
    } else return this.#grow(owner, at, kind, number, passed, index === count);
    return Added.added;
  }

  /** Makes room at a full chunk. Numbers that come in order leave full chunks behind. */
  #grow(owner: number, at: number, kind: number, number: number, passed: number, isAtEnd: boolean): Added {
    const chunks = this.#chunks;
    if (passed >= MANY_CHUNKS || this.#chunksOf(owner, kind) >= MANY_CHUNKS) {
      if (this.#toBitmap(owner, kind)) return this.add(owner, kind, number);
      if (this.#chunksOf(owner, kind) >= MAX_CHUNKS) return Added.unknown;
    }
    if (isAtEnd) return this.#addChunk(owner, at, kind, number) ? Added.added : Added.unknown;
    const half = MAX_RANGES / 2;
    const moved = this.#takeChunk();
    if (moved === 0) return Added.unknown;
    chunks.copyWithin(moved + FIRST_RANGE, at + FIRST_RANGE + half, at + CHUNK_WORDS);
    chunks[moved + HEAD] = (kind << KIND_SHIFT) | (MAX_RANGES - half);
    chunks[at + HEAD] = (kind << KIND_SHIFT) | half;
    chunks[moved + NEXT] = chunks[at + NEXT] as number;
    chunks[at + NEXT] = moved;
    return this.add(owner, kind, number);
  }

  /** Adds a chunk with one number behind `before`; false when there is no room. */
  #addChunk(owner: number, before: number, kind: number, number: number): boolean {
    const at = this.#takeChunk();
    if (at === 0) return false;
    const chunks = this.#chunks;
    chunks[at + HEAD] = (kind << KIND_SHIFT) | 1;
    chunks[at + FIRST_RANGE] = (number << 16) | number;
    chunks[at + NEXT] = (before === 0 ? this.#heads[owner] : chunks[before + NEXT]) as number;
    if (before === 0) this.#heads[owner] = at;
    else chunks[before + NEXT] = at;
    return true;
  }

  #chunksOf(owner: number, kind: number): number {
    const chunks = this.#chunks;
    let count = 0;
    for (let at = this.#heads[owner] as number; at !== 0; at = chunks[at + NEXT] as number) {
      if ((chunks[at + HEAD] as number) >> KIND_SHIFT === kind) count++;
    }
    return count;
  }

  /** Replaces all chunks of a set by a bitmap; false when none is free. */
  #toBitmap(owner: number, kind: number): boolean {
    const bitmap = this.#takeBitmap();
    if (bitmap < 0) return false;
    const chunks = this.#chunks;
    const ranges = [...this.ranges(owner, kind)];
    let before = 0;
    let first = 0;
    for (let at = this.#heads[owner] as number; at !== 0; ) {
      const next = chunks[at + NEXT] as number;
      if ((chunks[at + HEAD] as number) >> KIND_SHIFT !== kind) before = at;
      else if (first === 0) {
        first = at;
        before = at;
      } else {
        chunks[before + NEXT] = next;
        this.#release(at);
      }
      at = next;
    }
    chunks[first + HEAD] = (kind << KIND_SHIFT) | IS_BITMAP;
    chunks[first + FIRST_RANGE] = bitmap;
    for (const range of ranges) {
      for (let number = range.first; number <= range.last; number++) this.#addBit(first, number);
    }
    return true;
  }

  #addBit(at: number, number: number): Added {
    const word = (this.#chunks[at + FIRST_RANGE] as number) * BITMAP_WORDS + (number >>> 5);
    const bit = 1 << (number & 31);
    const bits = this.#bitmaps[word] as number;
    if ((bits & bit) !== 0) return Added.known;
    this.#bitmaps[word] = bits | bit;
    return Added.added;
  }

  *#bitRanges(at: number): Generator<NumberRange> {
    const start = (this.#chunks[at + FIRST_RANGE] as number) * BITMAP_WORDS;
    let first = -1;
    for (let number = 0; number <= 0xffff; number++) {
      const isSet = ((this.#bitmaps[start + (number >>> 5)] as number) & (1 << (number & 31))) !== 0;
      if (isSet && first < 0) first = number;
      if (!isSet && first >= 0) {
        yield { first, last: number - 1 };
        first = -1;
      }
    }
    if (first >= 0) yield { first, last: 0xffff };
  }

  /** The index of a chunk's first word; 0 when none is free. */
  #takeChunk(): number {
    // Chunk 0 means none.
    if (this.#chunks.length === 0) this.#chunks = new Int32Array((this.#maxChunks + 1) * CHUNK_WORDS);
    const at = this.#freeChunk;
    if (at !== 0) {
      this.#freeChunk = this.#chunks[at + NEXT] as number;
      return at;
    }
    return this.#usedChunks > this.#maxChunks ? 0 : this.#usedChunks++ * CHUNK_WORDS;
  }

  #release(at: number): void {
    this.#chunks[at + NEXT] = this.#freeChunk;
    this.#freeChunk = at;
  }

  #takeBitmap(): number {
    const free = this.#freeBitmaps.pop();
    if (free !== undefined) return free;
    if (this.#usedBitmaps >= this.#maxBitmaps) return -1;
    if (this.#bitmaps.length === 0) this.#bitmaps = new Int32Array(this.#maxBitmaps * BITMAP_WORDS);
    return this.#usedBitmaps++;
  }

  #freeBitmap(at: number): void {
    const bitmap = this.#chunks[at + FIRST_RANGE] as number;
    this.#bitmaps.fill(0, bitmap * BITMAP_WORDS, (bitmap + 1) * BITMAP_WORDS);
    this.#freeBitmaps.push(bitmap);
  }
}
