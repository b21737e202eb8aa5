import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { resolvesWithin } from './within.ts';

/** The output that is kept. The rest is read and discarded, so that the command never waits for a full pipe. */
const MAX_OUTPUT_BYTES = 4_096;
/** How long to wait for the rest after the command has ended and a child of it holds the pipe. */
const OUTPUT_GRACE_MS = 50;
/** Pipes of background children that are still drained. This bounds our descriptors in a flood of blocks. */
const MAX_LINGERING_PIPES = 64;

/** Reads all that a command writes to stdout and stderr, and keeps the first 4 KiB. */
export class CommandOutput {
  readonly #pipes: Socket[] = [];
  readonly #closed: Promise<unknown>;
  readonly #chunks: Buffer[] = [];
  #keptBytes = 0;

  constructor(child: ChildProcess) {
    const closed: Promise<unknown>[] = [];
    // Without a free descriptor there are no pipes; the child's error event reports that.
    for (const pipe of [child.stdout, child.stderr] as (Socket | undefined)[]) {
      if (pipe === undefined) continue;
      this.#pipes.push(pipe);
      closed.push(new Promise((resolve) => pipe.once('close', resolve)));
      pipe.on('data', (chunk: Buffer) => this.#keep(chunk));
      pipe.on('error', () => pipe.destroy());
    }
    this.#closed = Promise.all(closed);
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  /** Discards everything from now on. */
  stopKeeping(): void {
    this.#keptBytes = MAX_OUTPUT_BYTES;
  }

  /** Waits for the rest, but not for a background child that holds the pipe. */
  async end(): Promise<void> {
    await resolvesWithin(this.#closed, OUTPUT_GRACE_MS);
    this.stopKeeping();
    for (const pipe of this.#pipes) if (!pipe.closed) linger(pipe);
  }

  #keep(chunk: Buffer): void {
    const part = chunk.subarray(0, MAX_OUTPUT_BYTES - this.#keptBytes);
    if (part.length > 0) this.#chunks.push(part);
    this.#keptBytes += part.length;
  }
}

const lingering = new Set<Socket>();

/**
 * Continues to drain a pipe that a background child holds, because SIGPIPE would kill the child if the pipe were
 * closed. When there are too many, the oldest is closed all the same.
 */
function linger(pipe: Socket): void {
  pipe.unref();
  lingering.add(pipe);
  pipe.once('close', () => lingering.delete(pipe));
  if (lingering.size <= MAX_LINGERING_PIPES) return;
  const [oldest] = lingering;
  lingering.delete(oldest as Socket);
  oldest?.destroy();
}
