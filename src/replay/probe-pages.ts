import { closeSync, readSync, writeSync } from 'node:fs';
import { openTemporary } from '../capture/file/temporary-file.ts';
import type { Probe } from '../classify/probe.ts';
import { MAX_PROBES, ProbeBuffer } from './probe-buffer.ts';

/**
 * Candidate probes of a capture that has more than a buffer takes: one buffer in memory, and those before it in a temporary
 * file. That takes 76 octets for each, and no third reading of the capture.
 */
export class ProbePages {
  readonly #descriptor: number;
  readonly #page = new ProbeBuffer();
  /** Full pages in the file; the last one is in memory, and has this size. */
  #stored = 0;
  #lastSize = 0;
  #hasFailed = false;

  /** Opens the temporary file; null where there can be none. */
  static open(): ProbePages | null {
    try {
      return new ProbePages(openTemporary());
    } catch {
      return null;
    }
  }

  /** Takes an open file, which `close` closes. */
  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  add(probe: Probe): void {
    if (this.#hasFailed) return;
    if (this.#page.size === MAX_PROBES) {
      if (!this.#write(this.#stored)) return;
      this.#stored++;
      this.#page.resize(0);
    }
    this.#page.add(probe);
  }

  /** Ends the adding of probes. False when the disk was full: then it does not hold all of them. */
  seal(): boolean {
    this.#lastSize = this.#page.size;
    return !this.#hasFailed && (this.#stored === 0 || this.#write(this.#stored));
  }

  /** The probes in order, after `seal`. Each page is valid until the next one. Throws when the file cannot be read. */
  *pages(): Generator<ProbeBuffer> {
    for (let number = 0; number <= this.#stored; number++) {
      if (this.#stored > 0) this.#move(number, readPart);
      this.#page.resize(number < this.#stored ? MAX_PROBES : this.#lastSize);
      yield this.#page;
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #write(number: number): boolean {
    try {
      this.#move(number, writePart);
    } catch {
      this.#hasFailed = true;
    }
    return !this.#hasFailed;
  }

  /** Writes or reads a page as a whole. */
  #move(number: number, move: Move): void {
    const { parts } = this.#page;
    let position = number * parts.reduce((sum, { length }) => sum + length, 0);
    for (const part of parts) {
      for (let done = 0; done < part.length; ) {
        const moved = move(this.#descriptor, part.subarray(done), position);
        if (moved === 0) throw new Error('the temporary file of candidate probes was cut');
        done += moved;
        position += moved;
      }
    }
  }
}

/** Moves octets between the file and memory. Returns how many. */
type Move = (descriptor: number, part: Uint8Array, position: number) => number;

const readPart: Move = (descriptor, part, position) => readSync(descriptor, part, 0, part.length, position);
const writePart: Move = (descriptor, part, position) => writeSync(descriptor, part, 0, part.length, position);
