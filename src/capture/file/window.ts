/**
 * Octets per read, unless a record is longer. With 1,000,000 records of 76 octets, 64 KiB is a third slower, and 1 MiB
 * and 4 MiB are no faster.
 */
const INITIAL_BYTES = 262_144;

/**
 * The first read is this long, and each later one twice as long. V8 compiles the loops over the data while they run. If a
 * loop has never ended before it is compiled, V8 discards the code when the loop ends.
 */
const FIRST_READ_BYTES = 8_192;

/**
 * The part of a capture that is in memory: the octets that were read but not yet consumed, from `start` to `end` of a
 * reused buffer.
 */
export class ByteWindow {
  buffer: Uint8Array = new Uint8Array(INITIAL_BYTES);
  view: DataView = new DataView(this.buffer.buffer);
  start = 0;
  end = 0;
  /** The offset of the buffer in the capture. */
  #base = 0;
  #readLength = FIRST_READ_BYTES;

  /** Octets that are not yet consumed. */
  get length(): number {
    return this.end - this.start;
  }

  /** The offset of `start` in the capture. */
  get offset(): number {
    return this.#base + this.start;
  }

  /**
   * Moves the remaining octets to the front, makes room for a record of `length` octets, and returns the part to fill
   * next. The caller must bound `length`, and must consume whole records first, or no free part may be left.
   */
  makeRoom(length: number): Uint8Array {
    if (length > this.buffer.length) {
      this.#grow(length);
    } else {
      this.buffer.copyWithin(0, this.start, this.end);
    }
    this.#base += this.start;
    this.end -= this.start;
    this.start = 0;
    const read = this.buffer.subarray(this.end, this.end + this.#readLength);
    if (this.#readLength < this.buffer.length) this.#readLength *= 2;
    return read;
  }

  /** Doubles the buffer, so that records that grow by one octet each do not need a new buffer each. */
  #grow(length: number): void {
    let grown = this.buffer.length;
    while (grown < length) grown *= 2;
    const buffer = new Uint8Array(grown);
    buffer.set(this.buffer.subarray(this.start, this.end));
    this.buffer = buffer;
    this.view = new DataView(buffer.buffer);
  }
}
