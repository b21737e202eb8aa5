import { setTimeout as delay } from 'node:timers/promises';
import type { Host } from './lab-host.ts';
import { type LabProcess, WAIT_LIMIT_MS } from './lab-process.ts';

/** Where an engine keeps everything, on a file system of its host's own. */
export const ENGINE_FOLDER = '/run/engine';

/** The server of an engine that hosts share, in a host of the lab. */
export abstract class EngineServer {
  readonly host: Host;
  #process: LabProcess | null = null;

  protected constructor(host: Host) {
    this.host = host;
  }

  /** What starts it. */
  protected abstract readonly command: readonly string[];

  /** Whether it answers. */
  protected abstract isReady(): Promise<boolean>;

  /** Its process while it runs. */
  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** Starts it, again after `stop`, with what it had. */
  async resume(): Promise<void> {
    if (this.#process !== null) return;
    this.#process = await this.host.start(this.command, { cwd: ENGINE_FOLDER });
    const deadline = Date.now() + WAIT_LIMIT_MS;
    while (!(await this.isReady())) {
      if (Date.now() > deadline || this.#process.outcome !== null)
        throw new Error(`${this.command.join(' ')} does not answer: ${this.#process.output}`);
      await delay(50);
    }
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#process?.signal('SIGKILL');
    await this.#process?.ended;
    this.#process = null;
  }
}
