import type { ModeName } from '../config/config.ts';
import { modeTransportOf } from '../net/protocol.ts';
import type { ProbeDetails } from '../track/event.ts';
import { AppendFile } from './append-file.ts';
import { protocolOf } from './lines1.ts';
import { scanLine2 } from './lines2.ts';
import { time1, time2 } from './times.ts';

/** Which files are written, and in which form. */
export interface HistoryOptions {
  /** HISTORY_FILE; null for none. */
  readonly historyFile: string | null;
  /** BLOCKED_FILE without the mode at its end; null for none. */
  readonly blockedFile: string | null;
  readonly modes: readonly ModeName[];
  /** The form of HISTORY_FILE; BLOCKED_FILE always has that of 1.x. */
  readonly logFormat: 1 | 2;
  /** Receives one line for people when a file cannot be written. */
  readonly tell: (text: string) => void;
}

/** The files of blocked hosts, with one line for each. fail2ban reads HISTORY_FILE. */
export class History {
  readonly #logFormat: 1 | 2;
  readonly #history: AppendFile | null;
  readonly #blocked = new Map<ModeName, AppendFile>();

  constructor({ historyFile, blockedFile, modes, logFormat, tell }: HistoryOptions) {
    this.#logFormat = logFormat;
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

  /** Records a blocked source. `now` (ms) is the time of the write; the line has the probe's time. */
  blocked(details: ProbeDetails, name: string, now: number): void {
    this.#history?.write(this.#line(details, name, true), now);
    this.#blocked.get(details.mode)?.write(line1(details, name), now);
  }

  /** Records a source that triggered and is only logged (BLOCK="0"). */
  unblocked(details: ProbeDetails, name: string, now: number): void {
    this.#history?.write(this.#line(details, name, false), now);
  }

  tick(now: number): void {
    for (const file of this.#files()) file.tick(now);
  }

  close(): void {
    for (const file of this.#files()) file.close();
  }

  #line(details: ProbeDetails, name: string, blocked: boolean): string {
    if (this.#logFormat === 1) return line1(details, name);
    return `${time2(details.time)} ${scanLine2(details, name, { triggered: true, noBlock: !blocked, blocked })}`;
  }

  #files(): AppendFile[] {
    return [...(this.#history === null ? [] : [this.#history]), ...this.#blocked.values()];
  }
}

/**
 * 1.x says "Blocked" of a source that is only logged too, and fail2ban's filter looks for the word. The filter knows
 * only TCP and UDP, so a probe of another protocol gets the protocol of the mode that saw it.
 */
function line1(details: ProbeDetails, name: string): string {
  const host = `Host: ${name}/${details.source}`;
  const transport = modeTransportOf(details.transport);
  return `${time1(details.time)} ${host} Port: ${details.destinationPort} ${protocolOf({ transport })} Blocked`;
}
