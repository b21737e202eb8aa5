/**
 * How many frames a batch holds at most: enough that the cost of a batch is nothing beside that of its frames,
 * few enough that a live source gets back to its timers within a millisecond or two.
 */
export const BATCH_CAPACITY = 4096;

/**
 * Captured octets of a frame at most, libpcap's MAXIMUM_SNAPLEN. A file that claims more is damaged or hostile,
 * and its claim must not decide how much memory is asked for.
 */
export const MAX_FRAME = 262_144;

/** The latest time that a frame has, in ms: what a Date can hold (ECMA-262, section 21.4.1.1). */
export const LATEST_TIME = 8.64e15;

/**
 * Frames side by side in one buffer. A source fills the same object again and again: it is valid until the next
 * `next()`, and so are `buffer` and `view`, which may be other ones then.
 */
export class FrameBatch {
  buffer: Uint8Array = new Uint8Array(0);
  /** Over the whole of `buffer`. */
  view: DataView = new DataView(new ArrayBuffer(0));
  count = 0;
  /** Where each frame begins in `buffer`. */
  readonly offset = new Uint32Array(BATCH_CAPACITY);
  /** Octets of the frame that are there. */
  readonly capturedLength = new Uint32Array(BATCH_CAPACITY);
  /** Octets that the frame had on the wire. From a file: whatever the file says, even less than was captured. */
  readonly wireLength = new Uint32Array(BATCH_CAPACITY);
  /** Milliseconds since the epoch, 0 to LATEST_TIME, with fractions; a double is good for a quarter of a microsecond. */
  readonly time = new Float64Array(BATCH_CAPACITY);
  /** A LINKTYPE_ number. */
  readonly linkType = new Uint16Array(BATCH_CAPACITY);
}

/**
 * How a capture ended. A reason is one line that says what is wrong; `offset` is where the record that is broken
 * begins, in octets of the (decompressed) capture.
 */
export type CaptureEnd =
  | { readonly status: 'complete' }
  | { readonly status: 'no-capture'; readonly reason: string }
  | { readonly status: 'broken'; readonly offset: number; readonly reason: string }
  | { readonly status: 'unreadable'; readonly reason: string };

/** Where frames come from, one batch after the other, as fast as they are asked for and no faster. */
export interface CaptureSource {
  /** The file or interface, for messages. */
  readonly name: string;
  /** Null as long as there may be more frames. */
  readonly end: CaptureEnd | null;
  /**
   * The next frames, never an empty batch; null at the end, which `end` then tells. Never rejects. It may answer
   * without a turn of the event loop in between: who has timers to serve must yield on its own.
   */
  next(): Promise<FrameBatch | null>;
  /** Gives back what the source holds; `next` must not be called any more. */
  close(): void;
}
