import { writeSync } from 'node:fs';
import { RECORD_LENGTH } from './handover.ts';

/** Records in one write: 32 KiB, half of what a reader takes at a time. */
const BATCH_RECORDS = 512;

/** A record waits this long (ms) at most for company before the batch is written. */
const BATCH_WAIT = 0.2;

/**
 * Collects records and writes them to a pipe. The first after a pause goes out at once, so that a reaction
 * waits for nobody; in a flood they go in batches. A full pipe blocks: the kernel's ring then takes the excess
 * and drops what it cannot hold, and neither process grows.
 */
export class Outbox {
  readonly #fd: number;
  readonly #now: () => number;
  readonly #onGone: () => void;
  readonly #bytes = new Uint8Array(BATCH_RECORDS * RECORD_LENGTH);
  readonly #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #lastWrite = 0;

  /** `now` is a monotonic clock in ms; `onGone` is called when the reader is no more. */
  constructor(fd: number, now: () => number, onGone: () => void) {
    this.#fd = fd;
    this.#now = now;
    this.#onGone = onGone;
  }

  /** The view to write the next record into, at `offset`; then call `commit`. */
  get view(): DataView {
    return this.#view;
  }

  get offset(): number {
    return this.#length;
  }

  /** True when records wait that `flush` must bring out soon: it is for the caller to see to it. */
  commit(): boolean {
    this.#length += RECORD_LENGTH;
    if (this.#length === this.#bytes.length || this.#now() - this.#lastWrite >= BATCH_WAIT) this.flush();
    return this.#length > 0;
  }

  /** Writes all that waits. */
  flush(): void {
    try {
      let written = 0;
      while (written < this.#length) {
        written += writeSync(this.#fd, this.#bytes, written, this.#length - written);
      }
    } catch {
      this.#onGone();
    }
    this.#length = 0;
    this.#lastWrite = this.#now();
  }
}
