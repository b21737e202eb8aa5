import type { Failure } from '../commands/failure.ts';
import type { Backend, Opened } from './backend.ts';

/** Blocks nobody: hosts.deny and KILL_RUN_CMD do all there is to do. */
export class NoneBackend implements Backend {
  readonly method = 'none';

  async open(): Promise<Opened> {
    return 'found';
  }

  /** Policy never asks for it. It fails, so that no caller takes the source for blocked. */
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
