import { ENDING } from '../commands/ending.ts';
import type { Failure } from '../commands/failure.ts';

/** Actions at work at one time: a scan from many sources starts no more processes than a small host bears. */
const MAX_RUNNING = 8;
/** Actions that wait: a flood of forged sources faster than the blocks takes this much memory and no more. */
const MAX_QUEUED = 1_024;
/** Notices among them: slow mails about eight scanners do not keep the ninth from being blocked. */
const MAX_NOTICES_RUNNING = 4;
/** Notices among those that wait, so that there is always room for a block. */
const MAX_NOTICES_QUEUED = 512;

/** A `block` goes before every waiting `notice`, an external command that shuts nobody out. */
export type Urgency = 'block' | 'notice';

/** Resolves to null when it worked. The signal says that the daemon ends and that the action must too. */
export type Action = (signal: AbortSignal) => Promise<Failure>;

interface Waiting {
  readonly key: string;
  readonly urgency: Urgency;
  readonly action: Action;
  readonly settle: (result: Failure | Promise<Failure>) => void;
}

/** Runs actions, a bounded number at once, a bounded number waiting, and one at a time for each source. */
export class ActionQueue {
  readonly #waiting: Record<Urgency, Waiting[]> = { block: [], notice: [] };
  /** What is at work, by key. */
  readonly #running = new Map<string, Urgency>();
  readonly #ending = new AbortController();
  #closed = false;
  readonly #tellIdle: (() => void)[] = [];

  /** How many actions are at work, and how many wait. */
  get load(): { readonly running: number; readonly queued: number } {
    return { running: this.#running.size, queued: this.#queued };
  }

  /**
   * Runs the action when its turn comes; `key` is the source. Resolves to its result, or to why it never ran;
   * rejects only if the action does.
   */
  run(key: string, action: Action, urgency: Urgency = 'block'): Promise<Failure> {
    if (this.#closed) return Promise.resolve(ENDING);
    if (!this.#hasRoomFor(urgency)) return Promise.resolve(`too many actions are waiting: ${this.#queued}`);
    return new Promise((settle) => {
      this.#waiting[urgency].push({ key, urgency, action, settle });
      this.#startWhatMay();
    });
  }

  /** Takes no more, drops what waits, and gives what runs up to `wait` ms to end by itself. */
  async drain(wait: number): Promise<void> {
    this.#dropWaiting();
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, wait);
    });
    await Promise.race([this.#idle(), timeUp]);
    clearTimeout(timer);
  }

  /** Takes no more, drops what waits, and resolves when what runs has been ended by force. */
  async close(): Promise<void> {
    this.#dropWaiting();
    this.#ending.abort();
    await this.#idle();
  }

  get #queued(): number {
    return this.#waiting.block.length + this.#waiting.notice.length;
  }

  #hasRoomFor(urgency: Urgency): boolean {
    if (urgency === 'notice' && this.#waiting.notice.length >= MAX_NOTICES_QUEUED) return false;
    return this.#queued < MAX_QUEUED;
  }

  #startWhatMay(): void {
    for (let next = this.#takeNext(); next !== undefined; next = this.#takeNext()) void this.#start(next);
  }

  /** The first that waits and may start now; it is taken off its list. */
  #takeNext(): Waiting | undefined {
    if (this.#running.size >= MAX_RUNNING) return undefined;
    const notices = [...this.#running.values()].filter((urgency) => urgency === 'notice').length;
    return this.#takeFrom('block') ?? (notices < MAX_NOTICES_RUNNING ? this.#takeFrom('notice') : undefined);
  }

  #takeFrom(urgency: Urgency): Waiting | undefined {
    const waiting = this.#waiting[urgency];
    const index = waiting.findIndex(({ key }) => !this.#running.has(key));
    return index < 0 ? undefined : waiting.splice(index, 1)[0];
  }

  async #start({ key, urgency, action, settle }: Waiting): Promise<void> {
    this.#running.set(key, urgency);
    const ended = (async () => action(this.#ending.signal))();
    settle(ended);
    await ended.catch(() => {});
    this.#running.delete(key);
    this.#startWhatMay();
    if (this.#running.size > 0) return;
    for (const tell of this.#tellIdle.splice(0)) tell();
  }

  #dropWaiting(): void {
    this.#closed = true;
    for (const waiting of Object.values(this.#waiting)) {
      for (const { settle } of waiting.splice(0)) settle(ENDING);
    }
  }

  #idle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#tellIdle.push(resolve));
  }
}
