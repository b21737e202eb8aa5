import type { Config } from '../config/config.ts';
import type { Modes } from '../config/modes.ts';
import type { Prepared } from '../preflight/prepare.ts';
import type { Log } from '../record/log.ts';
import type { Recorder } from '../record/recorder.ts';
import { WatchedPorts } from '../watch/watched-ports.ts';
import { openRecorder, type RecorderOptions } from './outputs.ts';

/** The configuration in force and what is made from it alone. A reload replaces all of it at once. */
export class Settings {
  prepared: Prepared;
  watched: WatchedPorts;
  recorder: Recorder;

  /** Opens the files that the configuration names. Throws a CommandError (74) when one cannot be opened. */
  constructor(prepared: Prepared, log: Log, options: RecorderOptions) {
    const { config, modes } = prepared;
    this.prepared = prepared;
    this.watched = new WatchedPorts(config, modes);
    this.recorder = openRecorder(config, modes, log, options);
  }

  get config(): Config {
    return this.prepared.config;
  }

  get modes(): Modes {
    return this.prepared.modes;
  }

  /** Takes over other settings and closes the files of these. */
  replace({ prepared, watched, recorder }: Settings): void {
    this.recorder.close();
    this.prepared = prepared;
    this.watched = watched;
    this.recorder = recorder;
  }

  /** Logs one line for the administrator. */
  tell(text: string): void {
    this.recorder.admin(text);
  }

  /** Logs what the check of the configuration warns of. */
  warn(): void {
    for (const warning of this.prepared.warnings) this.tell(warning);
  }
}
