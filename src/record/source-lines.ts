import type { Names } from './names.ts';
import type { Rate } from './rate.ts';

/** Where the lines go. */
export interface SourceLinesParts {
  /** Receives the log lines; null when there is no log. */
  readonly text: ((line: string) => void) | null;
  /** null when lines have the address in place of the name. */
  readonly names: Names | null;
}

/** Log lines about sources, with the names of hosts. The lines of one source keep their order. */
export class SourceLines {
  /** The newest time seen, in ms. A block or a scan is recorded at the time of its last probe. */
  now = 0;
  readonly #parts: SourceLinesParts;

  constructor(parts: SourceLinesParts) {
    this.#parts = parts;
  }

  /** Writes a line if its rate allows it. */
  write(rate: Rate, source: string, line: (name: string) => string): void {
    if (this.#parts.text !== null && rate.allows(this.now)) this.always(source, line);
  }

  /** Writes a line. */
  always(source: string, line: (name: string) => string): void {
    const { text } = this.#parts;
    if (text !== null) this.named(source, (name) => text(line(name)));
  }

  /** Calls `use` with the name of the source, after the lines that wait for it. */
  named(source: string, use: (name: string) => void): void {
    const { names } = this.#parts;
    if (names === null) use(source);
    else names.withName(source, this.now, use);
  }
}
