import { Memory, type MemoryBudget } from './memory.ts';

/**
 * What one source may fill. A port takes two entries, the attempt and the port itself, so 256 ports are
 * remembered; a scan of all 65,535 costs no more than one of 256.
 */
const MAX_REMEMBERED = 512;

/** The low two bits of a key say what it stands for, so that one memory serves all three. */
const ATTEMPT = 1;
const PORT = 2;
const TARGET = 3;

/**
 * What one source has done so far: attempts, ports, targets, each as a hash. The first of each is held in
 * place; only a source that does something different gets a memory, so a flood of forged ones allocates nothing.
 */
export class Recall {
  #attempt = 0;
  #attemptTime = 0;
  #port = 0;
  #target = 0;
  #memory: Memory | null = null;

  clear(budget: MemoryBudget): void {
    this.#attempt = 0;
    this.#port = 0;
    this.#target = 0;
    this.#memory?.release(budget);
    this.#memory = null;
  }

  /** Notes an attempt at `now` (ms); returns when it was made last, NaN when never. */
  attempt(hash: number, now: number, budget: MemoryBudget): number {
    const key = tagged(hash, ATTEMPT);
    if (this.#attempt !== 0 && this.#attempt !== key) return this.#note(key, now, budget);
    const last = this.#attempt === key ? this.#attemptTime : Number.NaN;
    this.#attempt = key;
    this.#attemptTime = now;
    return last;
  }

  /** Notes a (protocol, port) pair; true when it was not remembered. */
  isNewPort(hash: number, now: number, budget: MemoryBudget): boolean {
    const key = tagged(hash, PORT);
    if (this.#port === key) return false;
    if (this.#port !== 0) return Number.isNaN(this.#note(key, now, budget));
    this.#port = key;
    return true;
  }

  /** Notes an address of ours; true when it was not remembered. */
  isNewTarget(hash: number, now: number, budget: MemoryBudget): boolean {
    const key = tagged(hash, TARGET);
    if (this.#target === key) return false;
    if (this.#target !== 0) return Number.isNaN(this.#note(key, now, budget));
    this.#target = key;
    return true;
  }

  #note(key: number, now: number, budget: MemoryBudget): number {
    this.#memory ??= Memory.create(MAX_REMEMBERED, budget);
    return this.#memory === null ? Number.NaN : this.#memory.note(key, now, budget);
  }
}

function tagged(hash: number, tag: number): number {
  return ((hash & ~3) | tag) >>> 0;
}
