import { writeSync } from 'node:fs';
import { RECORD_LENGTH } from './record-format.ts';

/** Records in one write: 32 KiB, half of what a reader takes at a time. */
const BATCH_RECORDS = 512;

/**
 * Each record waits this long (ms) at least, and twice as long at most: this host's own answer to a SYN follows it
 * at once when the port is open, and must be known when the SYN is judged.
 */
const WAIT = 0.1;

/**
 * Collects records and writes them to a pipe, in batches. A full pipe blocks: the kernel's ring then takes the
 * excess and drops what it cannot hold, and neither process grows.
 */
export class Outbox {
  readonly #fd: number;
  readonly #now: () => number;
  readonly #onGone: () => void;
  readonly #bytes = new Uint8Array(BATCH_RECORDS * RECORD_LENGTH);
  readonly #view = new DataView(this.#bytes.buffer);
  #length = 0;
  /** Octets that were there when the wait began that is going on, and when that was. */
  #waiting = 0;
  #begun = 0;

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

  /** True when records wait that `flushDue` must bring out soon: it is for the caller to see to it. */
  commit(): boolean {
    this.#length += RECORD_LENGTH;
    if (this.#length === RECORD_LENGTH) this.#beginWait();
    if (this.#length === this.#bytes.length) this.flush();
    return this.flushDue();
  }

  /** Writes what has waited long enough; true when more waits. */
  flushDue(): boolean {
    if (this.#length > 0 && this.#now() - this.#begun >= WAIT) {
      const rest = this.#length - this.#waiting;
      this.#write(this.#waiting);
      this.#bytes.copyWithin(0, this.#length - rest, this.#length);
      this.#length = rest;
      this.#beginWait();
    }
    return this.#length > 0;
  }

  /** Writes all at once. */
  flush(): void {
    this.#write(this.#length);
    this.#length = 0;
  }

  #beginWait(): void {
    this.#waiting = this.#length;
    this.#begun = this.#now();
  }

  #write(length: number): void {
    try {
      let written = 0;
      while (written < length) written += writeSync(this.#fd, this.#bytes, written, length - written);
    } catch {
      this.#onGone();
    }
  }
}
