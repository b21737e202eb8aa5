import { type CaptureFile, openCaptureFile } from '../capture/file/open.ts';
import { UndecodedFrames } from '../capture/file/undecoded.ts';
import { linkTypeName } from '../capture/link-type.ts';
import type { CaptureEnd, CaptureSource, FrameBatch } from '../capture/source.ts';
import { Exit } from '../preflight/exit.ts';
import { CaptureFacts } from '../replay/capture-facts.ts';
import type { Places } from '../replay/places.ts';
import type { Replay } from '../replay/replay.ts';
import { byFirstPacket } from './first-packet.ts';
import type { Progress } from './progress.ts';
import { shownText } from './terminal-text.ts';

/** What the passes over the captures work with. */
export interface PassParts {
  readonly replay: Replay;
  readonly places: Places;
  readonly inferOpen: boolean;
  /** Whether anybody asks for what the captures hold as files. */
  readonly counts: boolean;
  /** null where there is no terminal. */
  readonly progress: Progress | null;
}

/**
 * Opens all captures; their files are opened for each reading only. Each group of more than one is put in the order of the
 * first packets: the names of a ring of captures (tcpdump -W) begin anew, and two sensors' files have other names.
 */
export async function openAll(groups: readonly (readonly string[])[]): Promise<CaptureFile[]> {
  const files: CaptureFile[] = [];
  for (const paths of groups) {
    const group: CaptureFile[] = [];
    for (const path of paths) group.push(await openCaptureFile(path, () => process.stdin));
    // One by one, because a call takes only so many arguments.
    for (const file of group.length > 1 ? await byFirstPacket(group) : group) files.push(file);
  }
  return files;
}

/**
 * Runs the passes of a replay. Each covers all files, so that a capture that was split by size or time counts as one.
 * Reports on stderr what is wrong with a file.
 */
export async function replayFiles(
  files: readonly CaptureFile[],
  { replay, places, inferOpen, counts, progress }: PassParts,
): Promise<{ exit: Exit; facts: CaptureFacts }> {
  const facts = new CaptureFacts();
  // Every pass has the same packets, so the first one counts them.
  let counting = counts ? facts : null;
  const readAll = async (
    name: string,
    read: (source: CaptureSource, file: number) => Promise<CaptureEnd>,
  ) => {
    progress?.begin(name);
    const troubles: Trouble[] = [];
    for (const [number, file] of files.entries()) {
      const source = new UndecodedFrames(file.read());
      places.begin(number, source);
      const isWatched = counting !== null || progress !== null;
      const end = await read(isWatched ? watched(source, counting, progress) : source, number);
      places.end();
      progress?.endOf(source);
      if (source.undecoded > 0 || end.status !== 'complete') troubles.push({ source, end });
    }
    counting = null;
    return troubles;
  };
  let troubles = inferOpen ? await readAll('first pass', (...from) => replay.infer(...from)) : null;
  replay.endFirst();
  if (replay.wantsConnections) await readAll('connections', (...from) => replay.learn(...from));
  if (troubles === null || !(await replay.judgeHeld()))
    troubles = await readAll('last pass', (...from) => replay.run(...from));
  progress?.clear();
  const exit = troubles.reduce<Exit>((code, { source, end }) => {
    return worse(worse(code, reportUndecoded(source)), reportEnd(source.name, end));
  }, Exit.ok);
  return { exit, facts };
}

/** A capture with something to report. */
interface Trouble {
  readonly source: UndecodedFrames;
  readonly end: CaptureEnd;
}

/** Passes on the batches of a source, and shows them to the others. */
function watched(
  source: UndecodedFrames,
  facts: CaptureFacts | null,
  progress: Progress | null,
): CaptureSource {
  const note = (batch: FrameBatch | null) => {
    if (batch === null) return null;
    facts?.note(batch);
    progress?.note(batch.count, source);
    return batch;
  };
  return {
    name: source.name,
    get end() {
      return source.end;
    },
    next: async () => note(await source.next()),
    close: () => source.close(),
  };
}

/** Reports frames whose link types have no decoder on stderr. A capture with no other frames is an error. */
function reportUndecoded({ name, frames, undecoded, types }: UndecodedFrames): Exit {
  if (undecoded === 0) return Exit.ok;
  const names = [...types].map(linkTypeName).join(', ');
  const which = types.size === 1 ? `link type ${names} is` : `link types ${names} are`;
  process.stderr.write(
    `portsentry: ${shownText(name)}: ${which} not decoded: ${undecoded} of ${frames} frames left out\n`,
  );
  return undecoded === frames ? Exit.dataError : Exit.ok;
}

/** Reports a broken capture in one line on stderr. */
function reportEnd(name: string, end: CaptureEnd): Exit {
  if (end.status === 'complete') return Exit.ok;
  process.stderr.write(`portsentry: ${shownText(name)}: ${shownText(end.reason)}\n`);
  return end.status === 'unreadable' ? Exit.noInput : Exit.dataError;
}

/** An unreadable file (66) is worse than a broken one (65). */
function worse(one: Exit, other: Exit): Exit {
  return one > other ? one : other;
}
