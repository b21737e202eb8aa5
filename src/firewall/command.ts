import type { Failure } from '../commands/failure.ts';
import { ReadyShell } from '../commands/ready-shell.ts';
import { runCommand } from '../commands/shell.ts';
import type { Config } from '../config/config.ts';
import { killRouteFor, unkillRouteFor } from '../config/kill-route.ts';
import type { Backend, Opened } from './backend.ts';
import type { Block } from './block.ts';
import { expand } from './template.ts';

/** After a command the next shell starts with this delay, so that the report of the block goes first. */
const NEXT_SHELL_DELAY_MS = 20;

/** Runs KILL_ROUTE to block and UNKILL_ROUTE to release, or KILL_ROUTE6 and UNKILL_ROUTE6 for an IPv6 source. */
export class CommandBackend implements Backend {
  readonly method = 'command';
  readonly #config: Config;
  readonly #ready = new ReadyShell();

  constructor(config: Config) {
    this.#config = config;
  }

  async open(): Promise<Opened> {
    this.#ready.prepare();
    return 'found';
  }

  block(block: Block, signal?: AbortSignal): Promise<Failure> {
    const template = killRouteFor(this.#config, block.family);
    return this.#run(template, `no KILL_ROUTE is set for IPv${block.family}`, block, signal);
  }

  release(block: Block, signal?: AbortSignal): Promise<Failure> {
    const template = unkillRouteFor(this.#config, block.family);
    return this.#run(template, `no UNKILL_ROUTE is set for IPv${block.family}`, block, signal);
  }

  /** Only the command knows what it has blocked. */
  async list(): Promise<null> {
    return null;
  }

  async close(): Promise<void> {
    this.#ready.close();
  }

  async #run(
    template: string | null,
    missing: string,
    block: Block,
    signal: AbortSignal | undefined,
  ): Promise<Failure> {
    if (template === null) return missing;
    const options = { timeoutMs: this.#config.actionTimeout, signal, ready: this.#ready };
    const { failure } = await runCommand(expand(template, block), options);
    setTimeout(() => this.#ready.prepare(), NEXT_SHELL_DELAY_MS).unref();
    return failure;
  }
}
