import type { Socket } from 'node:net';

/** Why there is no line: it is too long, or the stream has ended. */
export type NoLine = 'too long' | 'end';

const LINE_FEED = 0x0a;

/** Reads lines from a socket on demand. Everything else waits in the kernel. */
export class LineReader {
  readonly #socket: Socket;
  readonly #maxBytes: number;
  #held: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | null = null;

  /** The longest line has `maxBytes` octets, its line feed included. */
  constructor(socket: Socket, maxBytes: number) {
    this.#socket = socket;
    this.#maxBytes = maxBytes;
    socket.on('readable', () => this.#wake?.());
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake?.();
      });
    }
  }

  /** The next line without its line feed; the last line needs none. Never rejects. */
  async next(): Promise<{ readonly line: string } | NoLine> {
    for (;;) {
      const end = this.#held.indexOf(LINE_FEED);
      if (end >= this.#maxBytes || (end < 0 && this.#held.length >= this.#maxBytes)) return 'too long';
      if (end >= 0) return { line: this.#take(end, 1) };
      const chunk: Buffer | null = this.#socket.read();
      if (chunk !== null) this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
      else if (!this.#ended) await this.#untilReadable();
      else return this.#held.length === 0 ? 'end' : { line: this.#take(this.#held.length, 0) };
    }
  }

  #take(length: number, rest: number): string {
    const line = this.#held.toString('utf8', 0, length);
    this.#held = this.#held.subarray(length + rest);
    return line;
  }

  #untilReadable(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
