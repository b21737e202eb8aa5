import { type Paint, paintFor } from './colour.ts';
import { endForStandardOutput } from './standard-output-error.ts';

/** Commands write large outputs in pieces of about this size: one write for each line costs more than the line. */
export const PIECE_CHARS = 65_536;

/** Where a command writes. */
export interface CommandOutput {
  /** Resolves when the text is written. A slow reader delays the command instead of filling its memory. */
  stdout(text: string): Promise<void>;
  stderr(text: string): void;
  /** Colours for `stdout`; left out where there are none. */
  readonly paint?: Paint;
}

/** The streams of this process. It ends when standard output takes nothing more. */
export function standardStreams(): CommandOutput {
  process.stdout.on('error', endForStandardOutput);
  return {
    stdout: (text) => new Promise((resolve) => process.stdout.write(text, () => resolve())),
    stderr: (text) => process.stderr.write(text),
    paint: paintFor(process.stdout, process.env),
  };
}
