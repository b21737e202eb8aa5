import { writeSync } from 'node:fs';
import { Exit } from '../preflight/exit.ts';
import { PIECE_CHARS } from './output.ts';
import { STDOUT } from './terminal.ts';

/** Where the lines of a replay go. */
export interface LineOutput {
  line(text: string): void;
  flush(): void;
}

/** Standard output in large pieces. A closed pipe (`portsentry replay F | head`) ends the process. */
export class ReplayOutput implements LineOutput {
  #pending = '';

  line(text: string): void {
    this.#pending += `${text}\n`;
    if (this.#pending.length >= PIECE_CHARS) this.flush();
  }

  flush(): void {
    const bytes = Buffer.from(this.#pending);
    this.#pending = '';
    try {
      for (let written = 0; written < bytes.length; ) written += this.#write(bytes, written);
    } catch (error) {
      process.exit((error as NodeJS.ErrnoException).code === 'EPIPE' ? Exit.ok : Exit.ioError);
    }
  }

  /** Returns 0 when a non-blocking pipe is full; the caller tries again. */
  #write(bytes: Buffer, offset: number): number {
    try {
      return writeSync(STDOUT, bytes, offset);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
      throw error;
    }
  }
}
