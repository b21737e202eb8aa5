import type { Socket } from 'node:net';

/** What comes instead of a line: it was too long, or the stream has ended. */
export type NoLine = 'too long' | 'end';

const LINE_FEED = 0x0a;

/** Reads lines from a socket, one when it is asked for one: what is not asked for waits in the kernel. */
export class LineReader {
  readonly #socket: Socket;
  readonly #limit: number;
  #held: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | null = null;

  /** `limit` is the longest line in octets, its end included. */
  constructor(socket: Socket, limit: number) {
    this.#socket = socket;
    this.#limit = limit;
    socket.on('readable', () => this.#wake?.());
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake?.();
      });
    }
  }

  /** The next line without its end; the last one needs no end. Never rejects. */
  async next(): Promise<{ readonly line: string } | NoLine> {
    for (;;) {
      const end = this.#held.indexOf(LINE_FEED);
      if (end >= this.#limit || (end < 0 && this.#held.length >= this.#limit)) return 'too long';
      if (end >= 0) return { line: this.#take(end, 1) };
      const chunk: Buffer | null = this.#socket.read();
      if (chunk !== null) this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
      else if (!this.#ended) await this.#news();
      else return this.#held.length === 0 ? 'end' : { line: this.#take(this.#held.length, 0) };
    }
  }

  #take(length: number, rest: number): string {
    const line = this.#held.toString('utf8', 0, length);
    this.#held = this.#held.subarray(length + rest);
    return line;
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
