import type { Readable } from 'node:stream';
import { formatOf } from '../capture/file/format.ts';
import { systemReason } from '../capture/file/input.ts';
import type { Config } from '../config/config.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { closeEventFiles, type EventFile, openEventFile, openEventFiles } from '../report/event-files.ts';
import { capturePaths, isCapture } from './capture-paths.ts';
import { statOf } from './stat-of.ts';
import { StreamInput } from './stream-input.ts';

const STANDARD_INPUT = '-';

/** Event lines from a pipe. */
export interface EventStream {
  readonly name: string;
  readonly input: StreamInput;
}

/** What a report is made of. The caller must close the event files. */
export interface ReportInput {
  readonly events: readonly EventFile[];
  readonly streams: readonly EventStream[];
  /** Captures, as paths. */
  readonly captures: readonly string[];
  readonly troubles: readonly string[];
  /** The events are those of this host. */
  readonly isOwn: boolean;
}

/**
 * EVENT_FILE with the files that were rotated away. Throws a CommandError: 78 when it is not set, 66 when it cannot be
 * read.
 */
export function ownEvents({ eventFile, file }: Pick<Config, 'eventFile' | 'file'>): ReportInput {
  if (eventFile === null)
    throw new CommandError(
      Exit.config,
      `EVENT_FILE is not set in ${file ?? 'the configuration'}; set it, or name event files or captures`,
    );
  const { files, troubles } = openEventFiles(eventFile);
  if (files.length === 0) {
    const [reason] = troubles;
    throw new CommandError(
      Exit.noInput,
      reason ?? `${eventFile} (EVENT_FILE): no such file; portsentry makes it when it starts`,
    );
  }
  return { events: files, streams: [], captures: [], troubles, isOwn: true };
}

/**
 * The files that the words of a command line stand for, as event files, pipes of event lines and captures. Throws a
 * CommandError: 66 for what cannot be read, 65 for a pipe of something else.
 */
export async function namedFiles(
  words: readonly string[],
  standardInput: () => Readable,
): Promise<ReportInput> {
  const events: EventFile[] = [];
  const streams: EventStream[] = [];
  const captures: string[] = [];
  try {
    for (const path of capturePaths(words).flat()) {
      const pipe = await pipeAt(path, standardInput);
      if (pipe !== null) streams.push(await streamOf(path, pipe));
      else if (isCapture(path)) captures.push(path);
      else events.push(open(path));
    }
  } catch (error) {
    closeEventFiles(events);
    throw error;
  }
  return { events, streams, captures, troubles: [], isOwn: false };
}

async function pipeAt(path: string, standardInput: () => Readable): Promise<Readable | null> {
  if (path === STANDARD_INPUT) return standardInput();
  if (statOf(path).stats?.isFIFO() !== true) return null;
  const { openPipe } = await import('../capture/file/pipe.ts');
  return attempt(path, () => openPipe(path));
}

async function streamOf(path: string, pipe: Readable): Promise<EventStream> {
  const name = path === STANDARD_INPUT ? 'standard input' : path;
  const input = new StreamInput(pipe);
  const format = formatOf(await input.head());
  if (format === 'none') return { name, input };
  const advice = format === 'gzip' ? 'decompress it first, as with zcat' : 'a capture must be a file here';
  throw new CommandError(
    Exit.dataError,
    `${name}: expected lines of events, found ${format} data; ${advice}`,
  );
}

function open(path: string): EventFile {
  try {
    return openEventFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function attempt<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): CommandError {
  return new CommandError(Exit.noInput, `${path}: ${systemReason(error)}`);
}
