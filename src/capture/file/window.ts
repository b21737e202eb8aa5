/**
 * Octets read at a time, unless a record is longer. Measured over 1,000,000 records of 76 octets: 64 KiB is a
 * third slower, 1 MiB and 4 MiB are no faster.
 */
const INITIAL_LENGTH = 262_144;

/**
 * The first read asks for so much, each later one for twice as much. V8 compiles the loops over what was read while
 * they run; of a loop that has never ended by then, it has to give the code up each time that it does.
 */
const FIRST_READ = 8_192;

/**
 * The part of a capture that is in memory: what was read and not yet taken, from `start` to `end` of one buffer
 * that is used again and again.
 */
export class ByteWindow {
  buffer: Uint8Array = new Uint8Array(INITIAL_LENGTH);
  view: DataView = new DataView(this.buffer.buffer);
  start = 0;
  end = 0;
  /** Where the buffer's first octet stands in the capture. */
  #base = 0;
  #readLength = FIRST_READ;

  /** Octets that wait to be taken. */
  get length(): number {
    return this.end - this.start;
  }

  /** Where `start` stands in the capture. */
  get offset(): number {
    return this.#base + this.start;
  }

  /**
   * Moves what waits to the front, so that a record of `length` octets has room, and returns the part to be filled
   * next. The caller bounds `length`; one that is already here whole may leave no free part, and must be taken first.
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

  /** Doubles, so that records which grow by an octet each do not cost a new buffer each. */
  #grow(length: number): void {
    let grown = this.buffer.length;
    while (grown < length) grown *= 2;
    const buffer = new Uint8Array(grown);
    buffer.set(this.buffer.subarray(this.start, this.end));
    this.buffer = buffer;
    this.view = new DataView(buffer.buffer);
  }
}
