/**
 * The largest number of frames in a batch: large enough to make the cost of a batch negligible, and small enough to let
 * a live source serve its timers within a millisecond or two.
 */
export const BATCH_CAPACITY = 4096;

/**
 * The longest captured frame, which is libpcap's MAXIMUM_SNAPLEN. A file that claims a longer one is damaged or hostile,
 * and its claim must not decide how much memory is allocated.
 */
export const MAX_FRAME_BYTES = 262_144;

/** The latest time of a frame, which is the latest that a Date can hold (ECMA-262, section 21.4.1.1). */
export const LATEST_TIME_MS = 8.64e15;

/**
 * Frames in one buffer. A source fills the same object again and again: its contents are valid until the next call of
 * `next()`, which may replace `buffer` and `view`, too.
 */
export class FrameBatch {
  buffer: Uint8Array = new Uint8Array(0);
  /** A view of the whole of `buffer`. */
  view: DataView = new DataView(new ArrayBuffer(0));
  count = 0;
  /** Where each frame begins in `buffer`. */
  readonly offset = new Uint32Array(BATCH_CAPACITY);
  /** Octets of the frame that were captured. */
  readonly capturedLength = new Uint32Array(BATCH_CAPACITY);
  /** Octets of the frame on the wire. In a file this may be any number, even one below the captured length. */
  readonly wireLength = new Uint32Array(BATCH_CAPACITY);
  /** Milliseconds since the epoch, 0 to LATEST_TIME_MS, with fractions. A double resolves a quarter of a microsecond. */
  readonly time = new Float64Array(BATCH_CAPACITY);
  /** A LINKTYPE_ number. */
  readonly linkType = new Uint16Array(BATCH_CAPACITY);
}

/**
 * How a capture ended. A reason is one line that says what is wrong. `offset` is where the broken record begins, in
 * octets of the decompressed capture.
 */
export type CaptureEnd =
  | { readonly status: 'complete' }
  | { readonly status: 'no-capture'; readonly reason: string }
  | { readonly status: 'broken'; readonly offset: number; readonly reason: string }
  | { readonly status: 'unreadable'; readonly reason: string };

/** A source of frames. It delivers one batch per call, and reads no further than that. */
export interface CaptureSource {
  /** The file or interface, for messages. */
  readonly name: string;
  /** The comment of a pcapng file, as far as it has been read; null for none. */
  readonly comment?: string | null;
  /** Octets read of the file, as it lies on the disk. */
  readonly position?: number;
  /** Null while there may be more frames. */
  readonly end: CaptureEnd | null;
  /**
   * Resolves to the next frames, never to an empty batch, or to null at the end, which `end` then describes. Never
   * rejects. It may resolve without a turn of the event loop, so a caller with timers must yield by itself.
   */
  next(): Promise<FrameBatch | null>;
  /** Releases the resources of the source. Do not call `next` afterwards. */
  close(): void;
}
