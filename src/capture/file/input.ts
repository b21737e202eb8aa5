import { readSync } from 'node:fs';

/** What stops an input before its end; where that is in the capture, the reader knows. */
export interface InputFault {
  readonly status: 'broken' | 'unreadable';
  readonly reason: string;
}

/** Octets of a capture, in pieces of whatever size. */
export interface ByteInput {
  /** Fills `into` from its start as far as it goes; how many octets, 0 at the end. Never throws. */
  read(into: Uint8Array): number | InputFault | Promise<number | InputFault>;
  close(): void;
}

/**
 * Reads a regular file. Synchronously: the disk's cache answers in less time than a turn through the thread pool
 * takes. It keeps its own position, so one descriptor serves several inputs; closing that is for whoever opened it.
 */
export class FileInput implements ByteInput {
  readonly #descriptor: number;
  #position = 0;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
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

  close(): void {}
}

/** The system's words for an error of a file operation, without path and call: `no such file or directory`. */
export function systemReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /^E[A-Z0-9]+: (.*?)(?:, \w+.*)?$/.exec(text)?.[1] ?? text;
}
