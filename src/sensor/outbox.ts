import { writeSync } from 'node:fs';
import { RECORD_LENGTH } from './record-format.ts';

/** Records in one write: 32 KiB, half of what the reader takes at a time. */
const BATCH_RECORDS = 512;

/**
 * A record waits at least this long, and at most twice as long. When the port is open, this host's answer follows a SYN
 * at once, and must be known when the SYN is judged.
 */
const WAIT_MS = 0.1;

/**
 * Collects records and writes them to a pipe in batches. A full pipe blocks. The kernel's ring then takes the excess
 * and drops what it cannot hold, so neither process grows.
 */
export class Outbox {
  readonly #fd: number;
  readonly #now: () => number;
  readonly #onGone: () => void;
  readonly #bytes = new Uint8Array(BATCH_RECORDS * RECORD_LENGTH);
  readonly #view = new DataView(this.#bytes.buffer);
  #length = 0;
  /** Octets that were there when the current wait began, and when it began. */
  #waitingBytes = 0;
  #begunMs = 0;

  /** `now` is a monotonic clock in ms; `onGone` is called when the reader has closed the pipe. */
  constructor(fd: number, now: () => number, onGone: () => void) {
    this.#fd = fd;
    this.#now = now;
    this.#onGone = onGone;
  }

  /** The view to write the next record into, at `offset`; then call `commit`. */
  get view(): DataView {
    return this.#view;
  }

  /** Where in `view` the next record begins. */
  get offset(): number {
    return this.#length;
  }

  /** Takes the record just written. True when records wait; the caller must then call `flushDue` soon. */
  commit(): boolean {
    this.#length += RECORD_LENGTH;
    if (this.#length === RECORD_LENGTH) this.#beginWait();
    if (this.#length === this.#bytes.length) this.flush();
    return this.flushDue();
  }

  /** Writes the records that have waited long enough; true when more wait. */
  flushDue(): boolean {
    if (this.#length > 0 && this.#now() - this.#begunMs >= WAIT_MS) {
      const rest = this.#length - this.#waitingBytes;
      this.#write(this.#waitingBytes);
      this.#bytes.copyWithin(0, this.#length - rest, this.#length);
      this.#length = rest;
      this.#beginWait();
    }
    return this.#length > 0;
  }

  /** Writes all records at once. */
  flush(): void {
    this.#write(this.#length);
    this.#length = 0;
  }

  #beginWait(): void {
    this.#waitingBytes = this.#length;
    this.#begunMs = this.#now();
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
