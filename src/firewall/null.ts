import type { Failure } from '../commands/failure.ts';
import type { Backend, ListedBlock, Opened } from './backend.ts';
import type { Block } from './block.ts';

/** Sources kept for `list`. A flood of forged sources pushes out the oldest. */
const MAX_LISTED = 65_536;

/** Blocks nobody and reports success, so that one can test everything but the block itself. */
export class NullBackend implements Backend {
  readonly method = 'null';
  readonly #blocked = new Map<string, Block>();

  async open(): Promise<Opened> {
    return 'found';
  }

  async block(block: Block): Promise<Failure> {
    this.#blocked.set(block.target, block);
    if (this.#blocked.size > MAX_LISTED) {
      const [oldest] = this.#blocked.keys();
      this.#blocked.delete(oldest as string);
    }
    return null;
  }

  async release({ target }: Block): Promise<Failure> {
    this.#blocked.delete(target);
    return null;
  }

  async list(): Promise<readonly ListedBlock[]> {
    return [...this.#blocked.values()].map(({ target, until }) => ({ target, until }));
  }

  async close(): Promise<void> {
    this.#blocked.clear();
  }
}
