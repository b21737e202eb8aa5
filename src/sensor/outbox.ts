import { writeSync } from 'node:fs';
import { RECORD_LENGTH } from './record-format.ts';

/** Records in one write: 32 KiB, half of what the reader takes at a time. */
const BATCH_RECORDS = 512;

/**
 * A record waits at least this long, and at most twice as long. When the port is open, this host's answer follows a SYN
 * at once, and must be known when the SYN is judged.
 */
const WAIT_MS = 0.1;

/** Records that go ahead of those that wait: as many as the reader takes in some ten ms. */
const AHEAD_BYTES = BATCH_RECORDS * RECORD_LENGTH;

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
  /** Records that overtake the backlog; the first may begin within a record. */
  readonly #ahead = new Uint8Array(AHEAD_BYTES);
  #aheadBytes = 0;
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

  /** Whether the pipe was full at the last attempt, so that records wait for the reader. */
  get isBehind(): boolean {
    return this.#backlogBytes > 0 || this.#aheadBytes > 0;
  }

  /** The view to write the next record into, at `offset`; then call `commit`. */
  get view(): DataView {
    return this.#view;
  }

  /** Where in `view` the next record begins. */
  get offset(): number {
    return this.#length;
  }

  /**
   * Takes the record just written. One that may go `ahead` overtakes those that wait for the reader. True when records
   * wait; the caller must then call `flushDue` soon.
   */
  commit(ahead = false): boolean {
    if (ahead && this.isBehind && this.#aheadBytes + RECORD_LENGTH <= AHEAD_BYTES) {
      const record = this.#bytes.subarray(this.#length, this.#length + RECORD_LENGTH);
      this.#ahead.set(record, this.#aheadBytes);
      this.#aheadBytes += RECORD_LENGTH;
      return true;
    }
    this.#length += RECORD_LENGTH;
    if (this.#length === RECORD_LENGTH) this.#beginWait();
    if (this.#length === this.#bytes.length) this.flush();
    // A full pipe is not tried again for each record: a write that fails costs more than all else of a record.
    return this.isBehind || this.flushDue();
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
    if (this.isBehind) this.#write(0);
    return this.#length > 0 || this.isBehind;
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
    if (!this.#writeWaiting()) this.#keep(0, length);
    else this.#keep(this.#writeTo(this.#bytes, length), length);
  }

  /** Whether the pipe took all that waited. */
  #writeWaiting(): boolean {
    // The rest of a record comes before the next one.
    if ((this.#backlog[0]?.length ?? 0) % RECORD_LENGTH !== 0 && !this.#writeFirst()) return false;
    if (this.#aheadBytes > 0) {
      const written = this.#writeTo(this.#ahead, this.#aheadBytes);
      this.#ahead.copyWithin(0, written, this.#aheadBytes);
      this.#aheadBytes -= written;
      if (this.#aheadBytes > 0) return false;
    }
    while (this.#backlog.length > 0) if (!this.#writeFirst()) return false;
    return true;
  }

  /** Whether the pipe took the first part of the backlog. */
  #writeFirst(): boolean {
    const [first] = this.#backlog as [Uint8Array];
    const written = this.#writeTo(first, first.length);
    this.#backlogBytes -= written;
    if (written === first.length) this.#backlog.shift();
    else this.#backlog[0] = first.subarray(written);
    return written === first.length;
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
