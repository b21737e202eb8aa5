/** The number of a capture of a replay, counted from 0, and of a frame in it, counted from 1. */
export interface FrameNumber {
  readonly file: number;
  readonly frame: number;
}

/** Where a packet lies in the captures of a replay. */
export interface CapturePlace {
  /** The path of the capture as it was given, or `standard input`. */
  readonly file: string;
  /** The number of the frame in the file, counted from 1 as Wireshark counts. */
  readonly frame: number;
  /** The comment of the capture (pcapng); null when it has none. */
  readonly comment: string | null;
}
