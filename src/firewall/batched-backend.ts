import type { Failure } from '../commands/failure.ts';
import type { BlockMethod } from '../config/config.ts';
import type { Backend, BackendOptions, ListedBlock, Opened } from './backend.ts';
import { Batcher, type Change } from './batch.ts';
import type { Block } from './block.ts';

/** A back end that changes the kernel's rules in batches. */
export abstract class BatchedBackend implements Backend {
  abstract readonly method: BlockMethod;
  protected readonly options: BackendOptions;
  readonly #batcher: Batcher;

  /** `maxBatch`: the most changes that one call of `send` gets. */
  protected constructor(options: BackendOptions, maxBatch: number) {
    this.options = options;
    this.#batcher = new Batcher((changes) => this.send(changes), maxBatch, options.now);
  }

  abstract open(): Promise<Opened>;

  block(block: Block, signal?: AbortSignal): Promise<Failure> {
    return this.#batcher.block(block, signal);
  }

  release(block: Block, signal?: AbortSignal): Promise<Failure> {
    return this.#batcher.release(block, signal);
  }

  abstract list(): Promise<readonly ListedBlock[]>;

  async close(blocks: 'keep' | 'release'): Promise<void> {
    if (blocks === 'keep') return;
    for (const failure of await this.removeAll()) if (failure !== null) this.options.tell?.(failure);
  }

  /** Applies changes, each for another target; one result for each, in their order. Never rejects. */
  protected abstract send(changes: readonly Change[]): Promise<readonly Failure[]>;

  /** Removes the blocks and everything else of ours, and resolves to what failed. Never rejects. */
  protected abstract removeAll(): Promise<readonly Failure[]>;
}
