import { systemReason } from '../capture/file/input.ts';
import type { CaptureFile } from '../capture/file/open.ts';
import { CaptureWriter } from '../capture/file/writer.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { Extract } from '../replay/extract.ts';
import type { Narrow } from '../replay/narrow.ts';

/**
 * Writes the packets that the sources of `narrow` send and get to a new pcapng file. Returns their number. Throws a
 * CommandError: 64 when there is a file of that name, 74 when it cannot be written.
 */
export async function extractTo(
  path: string,
  files: readonly CaptureFile[],
  narrow: Narrow,
): Promise<number> {
  const writer = attempt(path, () => new CaptureWriter(path));
  const extract = new Extract(narrow, (batch, index) => writer.write(batch, index));
  for (const file of files) {
    const source = file.read();
    for (let batch = await source.next(); batch !== null; batch = await source.next()) {
      const frames = batch;
      attempt(path, () => extract.take(frames));
    }
    source.close();
  }
  attempt(path, () => writer.close());
  return extract.frames;
}

function attempt<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new CommandError(Exit.usage, `--extract: ${path} exists; name a file that does not`);
    throw new CommandError(Exit.ioError, `--extract: ${path}: ${systemReason(error)}`);
  }
}
