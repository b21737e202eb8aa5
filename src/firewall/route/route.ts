import { type Failure, throwOn } from '../../commands/failure.ts';
import type { BackendOptions, ListedBlock, Opened } from '../backend.ts';
import { applyTo, type Change, mergeResults } from '../batch.ts';
import { BatchedBackend } from '../batched-backend.ts';
import { SerialQueue } from '../serial-queue.ts';
import { parseTarget, type Target, withLength } from '../target.ts';
import { changeRoutes, EXISTS, ourRoutes, whyNoRoutes } from './routes.ts';

/** Changes in one call of `ip`. */
const MAX_BATCH = 8_192;

/**
 * A blackhole route back to each source. It stops our answers, not the source's packets: what a source sends still
 * comes in, and a single datagram may do harm. This method is for hosts that have no packet filter.
 */
export class RouteBackend extends BatchedBackend {
  readonly method = 'route';
  readonly #queue = new SerialQueue();
  /** Targets that have a route of ours, by the last listing and the changes since. */
  #routed = new Set<string>();

  constructor(options: BackendOptions) {
    super(options, MAX_BATCH);
  }

  /** The routing table always exists: `made` means that others removed routes of ours. */
  open(): Promise<Opened> {
    return this.#queue.run(async () => {
      throwOn(await whyNoRoutes());
      const before = this.#routed;
      this.#routed = new Set(await ourRoutes());
      return [...before].every((target) => this.#routed.has(target)) ? 'found' : 'made';
    });
  }

  async list(): Promise<readonly ListedBlock[]> {
    return (await ourRoutes()).map((target) => ({ target, until: null }));
  }

  protected send(changes: readonly Change[]): Promise<readonly Failure[]> {
    return this.#queue.run(async () => {
      const real = changes.filter(({ verb, target }) => (verb === 'block') !== this.#routed.has(target.text));
      const results = await changeRoutes(real);
      if (results.some((failure) => failure !== null && EXISTS.test(failure)))
        await this.#explain(real, results);
      applyTo(this.#routed, real, results);
      return mergeResults(changes, real, results);
    });
  }

  protected removeAll(): Promise<readonly Failure[]> {
    return this.#queue.run(async () => {
      this.#routed.clear();
      try {
        const targets = (await ourRoutes()).map((text) => parseTarget(text) as Target);
        const results = await changeRoutes(
          targets.map((target) => ({ verb: 'release', target, until: null }) as const),
        );
        return [results.find((failure) => failure !== null) ?? null];
      } catch (error) {
        return [(error as Error).message];
      }
    });
  }

  /** A route that already exists may still be ours. Never rejects. */
  async #explain(changes: readonly Change[], results: Failure[]): Promise<void> {
    const ours = new Set(await ourRoutes().catch(() => []));
    for (const [index, { target }] of changes.entries()) {
      if (!EXISTS.test(results[index] ?? '')) continue;
      results[index] = ours.has(target.text)
        ? null
        : `ip: there is a route to ${withLength(target)} already, and not of ours`;
    }
  }
}
