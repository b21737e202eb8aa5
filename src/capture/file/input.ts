import { closeSync, readSync } from 'node:fs';

/** Why an input stopped before its end. The reader adds the offset in the capture. */
export interface InputFault {
  readonly status: 'broken' | 'unreadable';
  readonly reason: string;
}

/** The octets of a capture, in pieces of any size. */
export interface ByteInput {
  /** Fills `into` from its start and returns the number of octets, 0 at the end. Never throws. */
  read(into: Uint8Array): number | InputFault | Promise<number | InputFault>;
  /** Octets read of the file. */
  readonly position?: number;
  close(): void;
}

/**
 * Reads a regular file, synchronously, because a read from the disk cache takes less time than a turn through the thread
 * pool. It keeps its position, so several inputs can share a descriptor.
 */
export class FileInput implements ByteInput {
  readonly #descriptor: number;
  readonly #closes: boolean;
  #position = 0;

  /** With `closes` the descriptor is closed with the input; otherwise the opener must close it. */
  constructor(descriptor: number, closes = false) {
    this.#descriptor = descriptor;
    this.#closes = closes;
  }

  get position(): number {
    return this.#position;
  }

  read(into: Uint8Array): number | InputFault {
    try {
      const length = readSync(this.#descriptor, into, 0, into.length, this.#position);
      this.#position += length;
      return length;
    } catch (error) {
      return { status: 'unreadable', reason: systemReason(error) };
    }
  }

  close(): void {
    if (this.#closes) closeSync(this.#descriptor);
  }
}

/** The system's text for an error of a file operation, without path and call, such as `no such file or directory`. */
export function systemReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /^E[A-Z0-9]+: (.*?)(?:, \w+.*)?$/.exec(text)?.[1] ?? text;
}
