import { Exit } from '../preflight/exit.ts';
import { type Paint, paintFor } from './colour.ts';

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

/** The streams of this process. A closed pipe (`portsentry list | head`) ends the process. */
export function standardStreams(): CommandOutput {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? Exit.ok : Exit.ioError);
  });
  return {
    stdout: (text) => new Promise((resolve) => process.stdout.write(text, () => resolve())),
    stderr: (text) => process.stderr.write(text),
    paint: paintFor(process.stdout, process.env),
  };
}
