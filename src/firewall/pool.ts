import type { BlockMethod } from '../config/config.ts';
import type { Backend } from './backend.ts';

/**
 * The back ends in use. Each opens when it is first needed, because blocks of a former run may be in another method
 * than the one configured now, and must be released there.
 */
export class BackendPool {
  readonly #make: (method: BlockMethod) => Backend;
  readonly #opening = new Map<BlockMethod, Promise<Backend>>();
  readonly #ready = new Map<BlockMethod, Backend>();

  constructor(make: (method: BlockMethod) => Backend) {
    this.#make = make;
  }

  /** The back end, open. Rejects with a one-line reason when the host does not support it; the next call tries again. */
  get(method: BlockMethod): Promise<Backend> {
    const known = this.#opening.get(method);
    if (known !== undefined) return known;
    const backend = this.#make(method);
    const opening = backend.open().then(() => {
      if (this.#opening.get(method) === opening) this.#ready.set(method, backend);
      return backend;
    });
    this.#opening.set(method, opening);
    opening.catch(() => {
      this.#opening.delete(method);
      return backend.close('keep');
    });
    return opening;
  }

  /** The back end if it is open: a block then goes out without a wait. */
  ready(method: BlockMethod): Backend | undefined {
    return this.#ready.get(method);
  }

  /** The processes that the back ends keep open. */
  get pids(): readonly number[] {
    return [...this.#ready.values()].flatMap(({ pid }) => pid ?? []);
  }

  /** The back ends that are open, after those that are opening now. */
  async opened(): Promise<Backend[]> {
    const ended = await Promise.allSettled(this.#opening.values());
    return ended.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }

  /** Closes the back end, so that the next call makes a new one with the changed configuration. */
  async forget(method: BlockMethod): Promise<void> {
    const known = this.#opening.get(method);
    this.#opening.delete(method);
    this.#ready.delete(method);
    await known?.then(
      (backend) => backend.close('keep'),
      () => {},
    );
  }

  /** Closes all back ends; `release` makes each remove its blocks. */
  async close(blocks: 'keep' | 'release'): Promise<void> {
    const opened = await this.opened();
    this.#opening.clear();
    this.#ready.clear();
    await Promise.all(opened.map((backend) => backend.close(blocks)));
  }
}
