import type { Failure } from '../../commands/failure.ts';
import type { Backend, ListedBlock, Opened } from '../backend.ts';
import { Batcher, type Change } from '../batch.ts';
import type { Block } from '../block.ts';
import { type Family, familiesHere } from '../families.ts';
import { sparedTargets } from '../spared-targets.ts';
import { FamilyChain } from './family-chain.ts';

/** Changes of one transaction; iptables reads them as one file. */
const MAX_BATCH = 8_192;

export interface IptablesOptions {
  /** Ms since the epoch. */
  readonly now: () => number;
  /** A block found others gone, and has been put in force alone. */
  readonly onLost?: (() => void) | undefined;
  /** Told in one line what went wrong at the end. */
  readonly tell?: ((text: string) => void) | undefined;
}

/**
 * One rule a source in a chain of our own. It costs each packet all of them, and each change a reading of the whole
 * table: it is for hosts that have no sets.
 */
export class IptablesBackend implements Backend {
  readonly method = 'iptables';
  readonly #options: IptablesOptions;
  readonly #chains: Readonly<Record<Family, FamilyChain>> = { 4: new FamilyChain(4), 6: new FamilyChain(6) };
  readonly #batcher: Batcher;

  constructor(options: IptablesOptions) {
    this.#options = options;
    this.#batcher = new Batcher((changes) => this.#send(changes), MAX_BATCH, options.now);
  }

  async open(): Promise<Opened> {
    const opened = await Promise.all(this.#here().map((chain) => chain.open()));
    return opened.includes('made') ? 'made' : 'found';
  }

  block(block: Block, signal?: AbortSignal): Promise<Failure> {
    return this.#batcher.block(block, signal);
  }

  release(block: Block, signal?: AbortSignal): Promise<Failure> {
    return this.#batcher.release(block, signal);
  }

  async list(): Promise<readonly ListedBlock[]> {
    const targets = (await Promise.all(this.#here().map((chain) => chain.list()))).flat();
    return targets.map((target) => ({ target, until: null }));
  }

  async spare(prefixes: readonly string[]): Promise<Failure> {
    const targets = sparedTargets(prefixes);
    if (typeof targets === 'string') return targets;
    const results = await Promise.all(
      this.#here().map((chain) => chain.spare(targets.filter(({ family }) => family === chain.family))),
    );
    return results.find((failure) => failure !== null) ?? null;
  }

  async close(blocks: 'keep' | 'release'): Promise<void> {
    if (blocks === 'keep') return;
    for (const chain of this.#here()) {
      const failure = await chain.remove();
      if (failure !== null) this.#options.tell?.(failure);
    }
  }

  #here(): FamilyChain[] {
    return familiesHere().map((family) => this.#chains[family]);
  }

  async #send(changes: readonly Change[]): Promise<readonly Failure[]> {
    const results = new Map<Family, Failure>();
    await Promise.all(
      this.#here().map(async (chain) => {
        const some = changes.filter(({ target }) => target.family === chain.family);
        const { failure, lost } = await chain.change(some);
        results.set(chain.family, failure);
        if (lost) this.#options.onLost?.();
      }),
    );
    return changes.map(({ target: { family } }) => {
      const result = results.get(family);
      return result === undefined ? `this host has no IPv${family}` : result;
    });
  }
}
