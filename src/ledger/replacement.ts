import { renameSync, rmSync } from 'node:fs';
import { inFolderOf } from '../files/safe-path.ts';
import { LogFile, refuseUnlessFile } from './log-file.ts';

/** Characters of one write: a millisecond of work, after which other tasks run. */
const CHUNK_LENGTH = 131_072;

/** Characters of lines that may arrive during one write. With a slower disk the replacement fails, to be tried later. */
const MAX_TAIL_LENGTH = 1_048_576;

/**
 * A new version of a file, written beside it while more lines arrive. It takes the file's place in one step, so that
 * after a crash there is either the old file or the new one, and it is whole (rename(2), fsync(2)). Methods throw on a
 * failure; the caller must then call `discard`.
 */
export class Replacement {
  /** The lines written to the new file. */
  lines = 0;
  readonly #path: string;
  readonly #file: LogFile;
  readonly #snapshot: Iterable<string>;
  #tail: string[] = [];
  #tailLength = 0;
  #isGivenUp = false;

  private constructor(path: string, snapshot: () => Iterable<string>) {
    this.#path = path;
    this.#file = LogFile.create(newPathOf(path));
    this.#snapshot = snapshot();
  }

  /** Begins with the lines of `snapshot`, which it calls now. The caller passes every later line to `follow`. */
  static begin(path: string, snapshot: () => Iterable<string>): Replacement {
    refuseUnlessFile(path);
    Replacement.clear(path);
    return new Replacement(path, snapshot);
  }

  /** Removes the new file that a killed run has left. */
  static clear(path: string): void {
    inFolderOf(path, (safe) => rmSync(newPathOf(safe), { force: true }));
  }

  /** Adds a line that arrived since the snapshot. */
  follow(line: string): void {
    this.#tail.push(line);
    this.#tailLength += line.length;
  }

  /** Makes `write` reject soon. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  /** Resolves when the snapshot, and most lines since, are on the disk. It yields after each chunk. */
  async write(): Promise<void> {
    let chunk = '';
    for (const line of this.#all()) {
      chunk += line;
      this.lines++;
      if (chunk.length < CHUNK_LENGTH) continue;
      await this.#file.write(chunk);
      chunk = '';
      if (this.#tailLength > MAX_TAIL_LENGTH) throw new Error('lines come faster than the disk takes them');
      if (this.#isGivenUp) throw new Error('it was given up');
    }
    await this.#file.write(chunk);
    await this.#file.sync();
  }

  /** Adds the remaining lines and takes the file's place, synchronously. The caller must then call `syncFolderOf`. */
  finish(): LogFile {
    this.lines += this.#tail.length;
    const { failure } = this.#file.append(Buffer.from(this.#tail.join('')));
    if (failure !== null) throw new Error(failure);
    refuseUnlessFile(this.#path);
    inFolderOf(this.#path, (safe) => renameSync(newPathOf(safe), safe));
    return this.#file;
  }

  /** Removes the new file, and leaves the old one as it is. */
  discard(): void {
    this.#file.close();
    try {
      Replacement.clear(this.#path);
    } catch {
      // It does no harm, and the next replacement removes it.
    }
  }

  *#all(): Iterable<string> {
    yield* this.#snapshot;
    while (this.#tail.length > 0) {
      const lines = this.#tail;
      this.#tail = [];
      this.#tailLength = 0;
      yield* lines;
    }
  }
}

function newPathOf(path: string): string {
  return `${path}.new`;
}
