import type { ModeName } from '../config/config.ts';
import { modeTransportOf } from '../net/protocol.ts';
import type { ProbeDetails } from '../track/event.ts';
import { AppendFile } from './append-file.ts';
import { ACTION_LINES_PER_DAY, DayBound, PROBE_LINES_PER_DAY } from './day-bound.ts';
import { protocolOf } from './lines1.ts';
import { time1 } from './times.ts';

/** Which files are written, and in which form. */
export interface HistoryOptions {
  /** HISTORY_FILE; null for none. */
  readonly historyFile: string | null;
  /** BLOCKED_FILE without the mode at its end; null for none. */
  readonly blockedFile: string | null;
  readonly modes: readonly ModeName[];
  /** Receives one line for people when a file cannot be written. */
  readonly tell: (text: string) => void;
}

/** HISTORY_FILE, which fail2ban reads, and the files of blocked hosts. */
export class History {
  readonly #history: AppendFile | null;
  readonly #blocked = new Map<ModeName, AppendFile>();
  readonly #probeLines: DayBound;
  readonly #blockLines: DayBound;
  readonly #blockedLines: DayBound;

  constructor({ historyFile, blockedFile, modes, tell }: HistoryOptions) {
    this.#probeLines = new DayBound('HISTORY_FILE, probes', PROBE_LINES_PER_DAY, tell);
    this.#blockLines = new DayBound('HISTORY_FILE, blocks', ACTION_LINES_PER_DAY, tell);
    this.#blockedLines = new DayBound('BLOCKED_FILE', ACTION_LINES_PER_DAY, tell);
    this.#history = historyFile === null ? null : new AppendFile(historyFile, tell);
    if (blockedFile === null) return;
    for (const mode of modes) this.#blocked.set(mode, new AppendFile(`${blockedFile}.${mode}`, tell));
  }

  /** Opens all files. Returns null, or in one line which file failed and why. */
  open(): string | null {
    for (const file of this.#files()) {
      const failure = file.open();
      if (failure === null) continue;
      return `${file === this.#history ? 'HISTORY_FILE' : 'BLOCKED_FILE'}: ${failure}`;
    }
    return null;
  }

  /** Adds the line of a probe to HISTORY_FILE. `now` (ms) is the time of the write. */
  write(line: string, now: number): void {
    if (this.#history !== null && this.#probeLines.allows(now)) this.#history.write(line, now);
  }

  /** Adds the line of a block to HISTORY_FILE. */
  writeBlock(line: string, now: number): void {
    if (this.#history !== null && this.#blockLines.allows(now)) this.#history.write(line, now);
  }

  /** Adds a blocked source to the file of its mode, always in the form of 1.x. */
  blocked(details: ProbeDetails, name: string, now: number): void {
    const file = this.#blocked.get(details.mode);
    if (file !== undefined && this.#blockedLines.allows(now)) file.write(historyLine1(details, name), now);
  }

  tick(now: number): void {
    for (const file of this.#files()) file.tick(now);
  }

  close(): void {
    for (const file of this.#files()) file.close();
  }

  #files(): AppendFile[] {
    return [...(this.#history === null ? [] : [this.#history]), ...this.#blocked.values()];
  }
}

/**
 * The line of a source in the form of 1.x, with the probe's time. 1.x says "Blocked" of a source that is only logged
 * too, and fail2ban's filter looks for the word. The filter knows only TCP and UDP, so a probe of another protocol gets
 * the protocol of the mode that saw it.
 */
export function historyLine1(details: ProbeDetails, name: string): string {
  const host = `Host: ${name}/${details.source}`;
  const transport = modeTransportOf(details.transport);
  return `${time1(details.time)} ${host} Port: ${details.destinationPort} ${protocolOf({ transport })} Blocked`;
}
