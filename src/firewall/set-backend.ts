import { type Failure, throwOn } from '../commands/failure.ts';
import type { BlockMethod } from '../config/config.ts';
import type { BackendOptions, ListedBlock, Opened } from './backend.ts';
import type { Change } from './batch.ts';
import { BatchedBackend } from './batched-backend.ts';
import type { SetCarrier } from './set-carrier.ts';

/** The kernel's sets that hold the blocks, and the rules that look a source up in them. */
export interface BlockSets {
  /** Creates what is missing, and repairs what is wrong. Rejects with a one-line reason. */
  open(): Promise<Opened>;
  /** Creates the sets that these blocks lack; null when they lack none. Rejects with a one-line reason. */
  ensure?(changes: readonly Change[]): Promise<Opened> | null;
  /** The blocks in force. It runs its own process, so blocks need not wait. Rejects with a one-line reason. */
  list(): Promise<readonly ListedBlock[]>;
  /** As in `Backend`. */
  spare(prefixes: readonly string[]): Promise<Failure>;
  /** As in `Backend`. */
  report?(group: number | null): Promise<Failure>;
  /** Removes the sets and the rules. Never rejects. */
  remove(): Promise<Failure>;
}

/** What distinguishes the methods with sets. */
export interface SetMethod {
  readonly method: BlockMethod;
  /** The most changes in one question to the carrier. */
  readonly maxBatch: number;
  readonly sets: BlockSets;
  readonly carrier: SetCarrier;
}

/** Blocks as elements of kernel sets. Each element has a time-out, so the kernel ends the block by itself. */
export class SetBackend extends BatchedBackend {
  readonly method: BlockMethod;
  readonly #sets: BlockSets;
  readonly #carrier: SetCarrier;

  constructor({ method, maxBatch, sets, carrier }: SetMethod, options: BackendOptions) {
    super(options, maxBatch);
    this.method = method;
    this.#sets = sets;
    this.#carrier = carrier;
  }

  async open(): Promise<Opened> {
    const [opened, failure] = await Promise.all([this.#sets.open(), this.#carrier.start()]);
    throwOn(failure);
    return opened;
  }

  list(): Promise<readonly ListedBlock[]> {
    return this.#sets.list();
  }

  spare(prefixes: readonly string[]): Promise<Failure> {
    return this.#sets.spare(prefixes);
  }

  async report(group: number | null): Promise<Failure> {
    return (await this.#sets.report?.(group)) ?? null;
  }

  override async close(blocks: 'keep' | 'release'): Promise<void> {
    await this.#carrier.close();
    await super.close(blocks);
  }

  protected async send(changes: readonly Change[]): Promise<readonly Failure[]> {
    try {
      const ensuring = this.#sets.ensure?.(changes) ?? null;
      if (ensuring !== null) this.#noticeLoss(await ensuring);
      const results = await this.#carrier.carry(changes);
      if (!results.includes(this.#carrier.lost)) return results;
      this.#noticeLoss(await this.#sets.open());
      return await this.#carrier.carry(changes);
    } catch (error) {
      return changes.map(() => (error as Error).message);
    }
  }

  protected async removeAll(): Promise<readonly Failure[]> {
    return [await this.#sets.remove()];
  }

  #noticeLoss(opened: Opened): void {
    if (opened === 'made') this.options.onLost?.();
  }
}
