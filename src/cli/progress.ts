import type { CaptureSource } from '../capture/source.ts';
import { statOf } from './stat-of.ts';
import { formatDuration } from './times.ts';

/** A line is drawn this often, and not before the work has taken so long. */
const DRAW_EVERY_MS = 200;
const PATIENCE_MS = 500;

const CLEAR = '\r\x1b[K';

/** Where progress is drawn: a terminal. */
export interface Terminal {
  write(text: string): void;
}

/** Draws on one line of a terminal how far a pass over captures is. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  readonly #total: number;
  readonly #things: string;
  #pass = '';
  #startMs = 0;
  #drawnMs = 0;
  #isDrawn = false;
  /** Octets of the captures of this pass that have been read as a whole. */
  #before = 0;
  #packets = 0;

  /**
   * `total` is the octets of all captures, 0 when it is not known; `now` gives a time in ms that never goes back. `things`
   * are what is counted.
   */
  constructor(terminal: Terminal, total: number, now: () => number, things = 'packets') {
    this.#terminal = terminal;
    this.#total = total;
    this.#now = now;
    this.#things = things;
  }

  /** A pass begins, which `name` names. */
  begin(name: string): void {
    this.#pass = name;
    this.#startMs = this.#now();
    this.#drawnMs = this.#startMs + PATIENCE_MS - DRAW_EVERY_MS;
    this.#before = 0;
    this.#packets = 0;
  }

  /** More packets of the capture, or events of the files, were read. */
  note(packets: number, source: Pick<CaptureSource, 'position'>): void {
    this.#packets += packets;
    const now = this.#now();
    if (now - this.#drawnMs < DRAW_EVERY_MS) return;
    this.#drawnMs = now;
    this.#isDrawn = true;
    this.#terminal.write(`${CLEAR}${this.#text(this.#before + (source.position ?? 0), now)}`);
  }

  /** A capture has been read as a whole. */
  endOf(source: CaptureSource): void {
    this.#before += source.position ?? 0;
  }

  /** Removes the line. */
  clear(): void {
    if (this.#isDrawn) this.#terminal.write(CLEAR);
    this.#isDrawn = false;
  }

  #text(bytes: number, now: number): string {
    const size =
      this.#total > 0 ? `${megabytes(bytes)} of ${megabytes(this.#total)} MB` : `${megabytes(bytes)} MB`;
    const parts = [`${this.#pass}: ${size}`, `${this.#packets} ${this.#things}`];
    if (this.#total > 0 && bytes > 0) {
      const leftMs = ((now - this.#startMs) / bytes) * Math.max(0, this.#total - bytes);
      parts.push(`${formatDuration(leftMs)} left`);
    }
    return parts.join(', ');
  }
}

/** The octets of the files together; 0 when one of them is no regular file. */
export function bytesOf(paths: readonly string[]): number {
  let sum = 0;
  for (const path of paths) {
    const stats = path === '-' ? null : statOf(path).stats;
    if (stats?.isFile() !== true) return 0;
    sum += stats.size;
  }
  return sum;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
