import type { Failure } from '../../commands/failure.ts';
import type { BackendOptions, ListedBlock, Opened } from '../backend.ts';
import type { Change } from '../batch.ts';
import { BatchedBackend } from '../batched-backend.ts';
import { type Family, familiesHere } from '../families.ts';
import { sparedTargets } from '../spared-targets.ts';
import { FamilyChain } from './family-chain.ts';

/** Changes in one transaction, which iptables-restore reads as one file. */
const MAX_BATCH = 8_192;

/**
 * One rule for each source, in a chain of ours. Every packet passes all of them, and every change makes iptables
 * read the whole table: this method is for hosts that have no sets.
 */
export class IptablesBackend extends BatchedBackend {
  readonly method = 'iptables';
  readonly #chains: Readonly<Record<Family, FamilyChain>> = { 4: new FamilyChain(4), 6: new FamilyChain(6) };

  constructor(options: BackendOptions) {
    super(options, MAX_BATCH);
  }

  async open(): Promise<Opened> {
    const opened = await Promise.all(this.#here().map((chain) => chain.open()));
    return opened.includes('made') ? 'made' : 'found';
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

  protected async send(changes: readonly Change[]): Promise<readonly Failure[]> {
    const results = new Map<Family, Failure>();
    await Promise.all(
      this.#here().map(async (chain) => {
        const some = changes.filter(({ target }) => target.family === chain.family);
        const { failure, lost } = await chain.change(some);
        results.set(chain.family, failure);
        if (lost) this.options.onLost?.();
      }),
    );
    return changes.map(({ target: { family } }) => {
      const result = results.get(family);
      return result === undefined ? `this host has no IPv${family}` : result;
    });
  }

  /** One family after the other: both commands take the same lock. */
  protected async removeAll(): Promise<readonly Failure[]> {
    const failures: Failure[] = [];
    for (const chain of this.#here()) failures.push(await chain.remove());
    return failures;
  }

  #here(): FamilyChain[] {
    return familiesHere().map((family) => this.#chains[family]);
  }
}
