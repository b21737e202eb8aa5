import { closeEventFiles, type EventFile } from '../report/event-files.ts';
import type { FiledEvent } from '../report/filed-event.ts';
import { type EventsRead, readEvents, type Span } from '../report/read-events.ts';
import type { Progress } from './progress.ts';

/** Reads events as `readEvents` does; a line of the terminal shows how far it is. Closes the files. */
export async function readEventFiles(
  files: readonly EventFile[],
  span: Span,
  take: (event: FiledEvent) => void,
): Promise<EventsRead> {
  const progress = await openProgress(files);
  let seen = 0;
  progress?.begin('reading');
  try {
    return await readEvents(files, span, take, {
      note(position, lines) {
        progress?.note(lines - seen, { position });
        seen = lines;
      },
    });
  } finally {
    progress?.clear();
    closeEventFiles(files);
  }
}

/** Drawn on a terminal. What is written to standard output comes after it. */
async function openProgress(files: readonly EventFile[]): Promise<Progress | null> {
  if (!process.stderr.isTTY) return null;
  const { Progress } = await import('./progress.ts');
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  return new Progress(process.stderr, total, () => performance.now(), 'events');
}
