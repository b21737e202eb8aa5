import type { BlockMethod } from '../config/config.ts';
import type { Backend } from './backend.ts';

/**
 * The back ends in use, each opened when it is first needed: blocks of a former run may stand in another method
 * than the one that is configured now, and are taken back there.
 */
export class BackendPool {
  readonly #make: (method: BlockMethod) => Backend;
  readonly #opening = new Map<BlockMethod, Promise<Backend>>();
  readonly #ready = new Map<BlockMethod, Backend>();

  constructor(make: (method: BlockMethod) => Backend) {
    this.#make = make;
  }

  /** The back end, ready; rejects with a one-line reason when the host cannot do it, and is tried again next time. */
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

  /** The back end if it is ready: who is to be blocked need not wait then. */
  ready(method: BlockMethod): Backend | undefined {
    return this.#ready.get(method);
  }

  /** The processes that are kept open. */
  get pids(): readonly number[] {
    return [...this.#ready.values()].flatMap(({ pid }) => pid ?? []);
  }

  /** Those that are ready. */
  async opened(): Promise<Backend[]> {
    const ended = await Promise.allSettled(this.#opening.values());
    return ended.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }

  /** Makes the back end anew when it is next needed, after what it goes by has changed. */
  async forget(method: BlockMethod): Promise<void> {
    const known = this.#opening.get(method);
    this.#opening.delete(method);
    this.#ready.delete(method);
    await known?.then(
      (backend) => backend.close('keep'),
      () => {},
    );
  }

  /** Closes all; with `release` they take away what they have put in force. */
  async close(blocks: 'keep' | 'release'): Promise<void> {
    const opened = await this.opened();
    this.#opening.clear();
    this.#ready.clear();
    await Promise.all(opened.map((backend) => backend.close(blocks)));
  }
}
