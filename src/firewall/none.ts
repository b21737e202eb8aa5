import type { Failure } from '../commands/failure.ts';
import type { Backend, Opened } from './backend.ts';

/** Shuts nobody out: what sources get is left to hosts.deny and KILL_RUN_CMD. */
export class NoneBackend implements Backend {
  readonly method = 'none';

  async open(): Promise<Opened> {
    return 'found';
  }

  /** Nobody asks for it, and nobody is to believe that it worked. */
  async block(): Promise<Failure> {
    return 'BLOCK_METHOD is "none"';
  }

  async release(): Promise<Failure> {
    return null;
  }

  async list(): Promise<null> {
    return null;
  }

  async close(): Promise<void> {}
}
