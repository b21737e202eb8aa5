import type { Failure } from '../../commands/failure.ts';
import type { Backend, ListedBlock, Opened } from '../backend.ts';
import { Batcher, type Change } from '../batch.ts';
import type { Block } from '../block.ts';
import { parseTarget, type Target, withLength } from '../target.ts';
import { Turns } from '../turns.ts';
import { changeRoutes, EXISTS, ourRoutes, whyNoRoutes } from './routes.ts';

/** Changes of one process. */
const MAX_BATCH = 8_192;

export interface RouteOptions {
  /** Ms since the epoch. */
  readonly now: () => number;
  /** Told in one line what went wrong at the end. */
  readonly tell?: ((text: string) => void) | undefined;
}

/**
 * A blackhole route back to each source. It stops answers and no questions: what a source sends still comes in, and
 * a single datagram may do harm. It is for hosts that have no packet filter.
 */
export class RouteBackend implements Backend {
  readonly method = 'route';
  readonly #options: RouteOptions;
  readonly #turns = new Turns();
  readonly #batcher: Batcher;
  /** Targets that have a route of ours, by the last look and what was done since. */
  #routed = new Set<string>();

  constructor(options: RouteOptions) {
    this.#options = options;
    this.#batcher = new Batcher(
      (changes) => this.#turns.take(() => this.#send(changes)),
      MAX_BATCH,
      options.now,
    );
  }

  /** The table is always there: `made` when somebody has taken routes of ours away. */
  open(): Promise<Opened> {
    return this.#turns.take(async () => {
      const failure = await whyNoRoutes();
      if (failure !== null) throw new Error(failure);
      const before = this.#routed;
      this.#routed = new Set(await ourRoutes());
      return [...before].every((target) => this.#routed.has(target)) ? 'found' : 'made';
    });
  }

  block(block: Block, signal?: AbortSignal): Promise<Failure> {
    return this.#batcher.block(block, signal);
  }

  release(block: Block, signal?: AbortSignal): Promise<Failure> {
    return this.#batcher.release(block, signal);
  }

  async list(): Promise<readonly ListedBlock[]> {
    return (await ourRoutes()).map((target) => ({ target, until: null }));
  }

  async close(blocks: 'keep' | 'release'): Promise<void> {
    if (blocks === 'keep') return;
    const failure = await this.#turns.take(() => this.#removeAll());
    if (failure !== null) this.#options.tell?.(failure);
  }

  async #send(changes: readonly Change[]): Promise<readonly Failure[]> {
    const real = changes.filter(({ verb, target }) => (verb === 'block') !== this.#routed.has(target.text));
    const results = await changeRoutes(real);
    if (results.some((failure) => failure !== null && EXISTS.test(failure)))
      await this.#explain(real, results);
    const byTarget = new Map(real.map(({ target }, index) => [target.text, results[index] as Failure]));
    for (const { verb, target } of real) {
      if (byTarget.get(target.text) !== null) continue;
      if (verb === 'block') this.#routed.add(target.text);
      else this.#routed.delete(target.text);
    }
    return changes.map(({ target }) => byTarget.get(target.text) ?? null);
  }

  /** A route that there was already may be ours all the same. Never rejects. */
  async #explain(changes: readonly Change[], results: Failure[]): Promise<void> {
    const ours = new Set(await ourRoutes().catch(() => []));
    for (const [index, { target }] of changes.entries()) {
      if (!EXISTS.test(results[index] ?? '')) continue;
      results[index] = ours.has(target.text)
        ? null
        : `ip: there is a route to ${withLength(target)} already, and not of ours`;
    }
  }

  async #removeAll(): Promise<Failure> {
    this.#routed.clear();
    try {
      const targets = (await ourRoutes()).map((text) => parseTarget(text) as Target);
      const results = await changeRoutes(
        targets.map((target) => ({ verb: 'release', target, until: null }) as const),
      );
      return results.find((failure) => failure !== null) ?? null;
    } catch (error) {
      return (error as Error).message;
    }
  }
}
