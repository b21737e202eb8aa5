/** The rest after an answer, as a multiple of the time that it took: a question takes at most a fiftieth of the time. */
const REST = 50;

/** The shortest time between two questions. */
const MIN_REST_MS = 2_000;

/**
 * The answer to a question that many ask and that is costly, such as how many sources the kernel holds: it is asked in the
 * background, the more rarely the longer it takes, and everybody gets the last answer.
 */
export class RareQuestion<T> {
  readonly #ask: () => Promise<T>;
  readonly #now: () => number;
  #answer: T | null = null;
  #pending: Promise<void> | null = null;
  #nextMs = Number.NEGATIVE_INFINITY;

  /** `now` is a time in ms that never steps back. A question that fails keeps the last answer. */
  constructor(ask: () => Promise<T>, now: () => number) {
    this.#ask = ask;
    this.#now = now;
  }

  /** The last answer, null before the first; asks again when it is time. */
  get answer(): T | null {
    void this.look();
    return this.#answer;
  }

  /** Resolves when the question under way has its answer; at once when it is not time to ask again. */
  look(): Promise<void> {
    if (this.#pending === null && this.#now() >= this.#nextMs) this.#pending = this.#askNow();
    return this.#pending ?? Promise.resolve();
  }

  async #askNow(): Promise<void> {
    const begunMs = this.#now();
    try {
      this.#answer = await this.#ask();
    } catch {
      // The last answer stays.
    }
    const endedMs = this.#now();
    this.#nextMs = endedMs + Math.max(MIN_REST_MS, REST * (endedMs - begunMs));
    this.#pending = null;
  }
}
