import type { Knock } from '../../track/event.ts';
import type { Backend, Failure } from './backend.ts';

/** Sources remembered for `list`; forged ones without end push out the oldest. */
const MAX_LISTED = 65_536;

/** Blocks nobody and says that it did: everything but the block itself can be tried with it. */
export class NullBackend implements Backend {
  readonly method = 'null';
  readonly #blocked = new Set<string>();

  async open(): Promise<void> {}

  async block(knock: Knock): Promise<Failure> {
    this.#blocked.add(knock.source);
    if (this.#blocked.size > MAX_LISTED) {
      const [oldest] = this.#blocked;
      this.#blocked.delete(oldest as string);
    }
    return null;
  }

  async release(knock: Knock): Promise<Failure> {
    this.#blocked.delete(knock.source);
    return null;
  }

  async list(): Promise<readonly string[]> {
    return [...this.#blocked];
  }

  async close(): Promise<void> {
    this.#blocked.clear();
  }
}
