import { closeSync, constants, openSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** A program that was started a moment ago, such as `tcpdump -w PIPE`, opens its end when we have opened ours. */
const WRITER_TIME_MS = 1_000;
const LOOK_INTERVAL_MS = 20;

const FIRST_READ_BYTES = 65_536;

/**
 * Opens a pipe by its name, as one from `mkfifo` or from the shell's `<(...)`. Rejects when no program writes to it within
 * a second: a blocking open would wait for one without end.
 */
export async function openPipe(path: string): Promise<Readable> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const head = await firstOctets(fd);
    return Readable.from(octetsOf(fd, head));
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** What is in the pipe already; resolves to nothing when a writer has it open. */
async function firstOctets(fd: number): Promise<Buffer> {
  const head = Buffer.alloc(FIRST_READ_BYTES);
  for (let waitedMs = 0; waitedMs < WRITER_TIME_MS; waitedMs += LOOK_INTERVAL_MS) {
    try {
      const length = readSync(fd, head);
      // A pipe without a writer is at its end (pipe(7)).
      if (length > 0) return head.subarray(0, length);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return head.subarray(0, 0);
      throw error;
    }
    await delay(LOOK_INTERVAL_MS);
  }
  throw new Error('is a pipe that no program writes to');
}

async function* octetsOf(fd: number, head: Buffer): AsyncIterable<Uint8Array> {
  if (head.length > 0) yield head;
  yield* new Socket({ fd, readable: true, writable: false });
}
