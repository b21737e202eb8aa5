import { closeSync, constants, fstatSync, futimesSync } from 'node:fs';
import { join } from 'node:path';
import { openRegular } from '../files/safe-path.ts';

/** The time of this file is that of the last notification. */
const FILE = 'notified';
const MODE = 0o600;

/**
 * Remembers in STATE_DIR when the last notification began, so that a daemon which fails and is started again and again tells
 * of it once a minute, too. Where the folder cannot be written, each start begins anew. Times are of the wall clock, in ms.
 */
export class NotifyPace {
  readonly #path: string;

  constructor(stateDir: string) {
    this.#path = join(stateDir, FILE);
  }

  /** Null when nothing is known. */
  get last(): number | null {
    return this.#withFile(constants.O_RDONLY, (fd) => fstatSync(fd).mtimeMs);
  }

  note(time: number): void {
    this.#withFile(constants.O_WRONLY | constants.O_CREAT, (fd) =>
      futimesSync(fd, time / 1_000, time / 1_000),
    );
  }

  #withFile<T>(flags: number, use: (fd: number) => T): T | null {
    try {
      const fd = openRegular(this.#path, flags, MODE);
      try {
        return use(fd);
      } finally {
        closeSync(fd);
      }
    } catch {
      return null;
    }
  }
}
