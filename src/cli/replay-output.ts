import { writeSync } from 'node:fs';
import { PIECE_CHARS } from './output.ts';
import { endForStandardOutput } from './standard-output-error.ts';
import { STDOUT } from './terminal.ts';

/** Where the lines of a replay go. */
export interface LineOutput {
  line(text: string): void;
  flush(): void;
}

/** Standard output in large pieces. The process ends when it takes nothing more. */
export class ReplayOutput implements LineOutput {
  #pending = '';
  /** For all pieces, because V8 frees a buffer of its own for each too late. */
  readonly #bytes = new Uint8Array(2 * PIECE_CHARS);
  readonly #encoder = new TextEncoder();

  line(text: string): void {
    this.#pending += `${text}\n`;
    if (this.#pending.length >= PIECE_CHARS) this.flush();
  }

  flush(): void {
    let text = this.#pending;
    this.#pending = '';
    try {
      while (text !== '') {
        const { read, written } = this.#encoder.encodeInto(text, this.#bytes);
        for (let at = 0; at < written; ) at += this.#write(at, written);
        text = text.slice(read);
      }
    } catch (error) {
      endForStandardOutput(error as NodeJS.ErrnoException);
    }
  }

  /** Returns 0 when a non-blocking pipe is full; the caller tries again. */
  #write(from: number, end: number): number {
    try {
      return writeSync(STDOUT, this.#bytes, from, end - from);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
      throw error;
    }
  }
}
