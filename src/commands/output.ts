import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

/** What is kept of a command's output; the rest is read and thrown away, so that a chatty command goes on. */
const MAX_OUTPUT = 4_096;
/** How long (ms) the rest is waited for when the command has ended and a child of it holds the pipe. */
const OUTPUT_GRACE = 50;
/** Pipes of background children still drained: a flood of blocks whose command leaves one takes no more descriptors. */
const MAX_LINGERING = 64;

/** The first bytes of what a command writes to stdout and stderr; all of it is read. */
export class CommandOutput {
  readonly #pipes: Socket[] = [];
  readonly #closed: Promise<unknown>;
  readonly #chunks: Buffer[] = [];
  #kept = 0;

  constructor(child: ChildProcess) {
    const closed: Promise<unknown>[] = [];
    // Without a free descriptor there are no pipes; the child's error event tells of it.
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

  /** From now on everything is thrown away. */
  stopKeeping(): void {
    this.#kept = MAX_OUTPUT;
  }

  /** Waits for the rest, but not for a background child that holds the pipe. */
  async end(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise((resolve) => {
      timer = setTimeout(resolve, OUTPUT_GRACE);
    });
    await Promise.race([this.#closed, enough]);
    clearTimeout(timer);
    this.stopKeeping();
    for (const pipe of this.#pipes) if (!pipe.closed) linger(pipe);
  }

  #keep(chunk: Buffer): void {
    const part = chunk.subarray(0, MAX_OUTPUT - this.#kept);
    if (part.length > 0) this.#chunks.push(part);
    this.#kept += part.length;
  }
}

const lingering = new Set<Socket>();

/**
 * Goes on draining a pipe that a background child holds, for SIGPIPE would kill the child at its next line if
 * the pipe were closed. When there are too many, the oldest is closed all the same.
 */
function linger(pipe: Socket): void {
  pipe.unref();
  lingering.add(pipe);
  pipe.once('close', () => lingering.delete(pipe));
  if (lingering.size <= MAX_LINGERING) return;
  const [oldest] = lingering;
  lingering.delete(oldest as Socket);
  oldest?.destroy();
}
