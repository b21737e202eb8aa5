import type { LineSink } from './append-file.ts';
import { oneLine } from './one-line.ts';
import { Recorder } from './recorder.ts';

/** What a replay writes of its probes. */
export type ReplayFormat = 'text' | 'json' | 'none';

/**
 * The recorder of a replay: every probe is told, nothing is looked up, left out or kept in a file, so the same
 * packets give the same lines. `out` gets them with their ends.
 */
export function replayRecorder(
  format: ReplayFormat,
  logFormat: 1 | 2,
  out: (text: string) => void,
): Recorder {
  return new Recorder({
    logFormat,
    sumUp: false,
    text: format === 'text' ? (line) => out(`${oneLine(line)}\n`) : null,
    events: format === 'json' ? sinkOf(out) : null,
    history: null,
    names: null,
  });
}

function sinkOf(out: (text: string) => void): LineSink {
  return { write: (line) => out(`${line}\n`), tick: () => {}, close: () => {} };
}
