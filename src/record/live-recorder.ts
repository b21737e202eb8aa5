import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config, ModeName } from '../config/config.ts';
import { AppendFile } from './append-file.ts';
import { History } from './history.ts';
import { Names } from './names.ts';
import { Recorder } from './recorder.ts';

export interface LiveOptions {
  readonly config: Config;
  readonly modes: readonly ModeName[];
  /** Gets the log lines. */
  readonly text: (line: string) => void;
}

/** The recorder, or why a file that the configuration names cannot be written, in one line. */
export type Opened =
  | { readonly recorder: Recorder; readonly failure?: undefined }
  | { readonly failure: string };

/** Opens the files of the configuration and makes the recorder of a live run. */
export function openLiveRecorder({ config, modes, text }: LiveOptions): Opened {
  const tell = (trouble: string) => recorder.admin(`ERROR: ${trouble}`);
  const history = new History({ ...config, modes, tell });
  const events = config.eventFile === null ? null : new AppendFile(config.eventFile, tell);
  const names = config.resolveHost ? new Names() : null;
  const recorder = new Recorder({ logFormat: config.logFormat, sumUp: true, text, events, history, names });
  makeStateFolder(config);
  const failure = history.open() ?? openEvents(events);
  if (failure === null) return { recorder };
  recorder.close();
  return { failure };
}

/**
 * The one folder that is made here, by its default the home of our files. Any other that is missing is more
 * likely mistyped than wanted; and a failure shows when a file in it is opened.
 */
function makeStateFolder({ stateDir, historyFile, blockedFile, eventFile }: Config): void {
  const isUsed = [historyFile, blockedFile, eventFile].some((path) => path && dirname(path) === stateDir);
  if (!isUsed) return;
  try {
    mkdirSync(stateDir, { mode: 0o700 });
  } catch {}
}

function openEvents(events: AppendFile | null): string | null {
  const failure = events?.open() ?? null;
  return failure === null ? null : `EVENT_FILE: ${failure}`;
}
