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
 * and drops what it cannot hold, so neither process grows. A pipe that does not block keeps up to `maxWaitingBytes` of
 * records here instead; batches beyond that are dropped and counted.
 */
export class Outbox {
  readonly #fd: number;
  readonly #now: () => number;
  readonly #onGone: () => void;
  readonly #bytes = new Uint8Array(BATCH_RECORDS * RECORD_LENGTH);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #maxWaitingBytes: number;
  /** Records that the pipe did not take, in order; the first may begin within a record. */
  #backlog: Uint8Array[] = [];
  #backlogBytes = 0;
  #dropped = 0;
  #length = 0;
  /** Octets that were there when the current wait began, and when it began. */
  #waitingBytes = 0;
  #begunMs = 0;

  /** `now` is a monotonic clock in ms; `onGone` is called when the reader has closed the pipe. */
  constructor(fd: number, now: () => number, onGone: () => void, maxWaitingBytes = 0) {
    this.#fd = fd;
    this.#now = now;
    this.#onGone = onGone;
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  /** Records that were dropped, because too many waited for the reader. */
  get dropped(): number {
    return this.#dropped;
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
    if (this.#backlogBytes > 0) this.#write(0);
    return this.#length > 0 || this.#backlogBytes > 0;
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

  /** Writes what waits for the pipe, and then the first `length` octets of the batch. */
  #write(length: number): void {
    while (this.#backlog.length > 0) {
      const [first] = this.#backlog as [Uint8Array];
      const written = this.#writeTo(first, first.length);
      this.#backlogBytes -= written;
      if (written < first.length) {
        this.#backlog[0] = first.subarray(written);
        this.#keep(0, length);
        return;
      }
      this.#backlog.shift();
    }
    this.#keep(this.#writeTo(this.#bytes, length), length);
  }

  /** How many octets the pipe took. */
  #writeTo(bytes: Uint8Array, length: number): number {
    let written = 0;
    try {
      while (written < length) written += writeSync(this.#fd, bytes, written, length - written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') this.#onGone();
    }
    return written;
  }

  /** Keeps the rest of the batch. One of which the pipe has a part is kept in any case. */
  #keep(from: number, to: number): void {
    if (from === to) return;
    if (from === 0 && this.#backlogBytes + to > this.#maxWaitingBytes) {
      this.#dropped += to / RECORD_LENGTH;
      return;
    }
    this.#backlog.push(this.#bytes.slice(from, to));
    this.#backlogBytes += to - from;
  }
}
