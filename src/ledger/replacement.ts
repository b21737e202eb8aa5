import { renameSync, rmSync } from 'node:fs';
import { LogFile, refuseUnlessFile } from './log-file.ts';

/** Characters that are made and written at a time: a millisecond's work, between which everything else goes on. */
const CHUNK_LENGTH = 131_072;

/** Characters that may come while a chunk is written. A disk that is slower has to be tried again later. */
const MAX_TAIL = 1_048_576;

/**
 * A file's new contents, written beside it while lines go on coming, that take its place in one step: whenever
 * the machine stops, there is the old file or the new one, and either is whole (rename(2), fsync(2)). What fails
 * is thrown, and `discard` is to follow.
 */
export class Replacement {
  /** Lines of it that are in the file beside. */
  lines = 0;
  readonly #path: string;
  readonly #file: LogFile;
  readonly #snapshot: Iterable<string>;
  #tail: string[] = [];
  #tailLength = 0;
  #isGivenUp = false;

  private constructor(path: string, snapshot: () => Iterable<string>) {
    this.#path = path;
    this.#file = LogFile.make(besideOf(path));
    this.#snapshot = snapshot();
  }

  /** Begins beside the file, with the lines of `snapshot`, called now. Every later line is to be followed. */
  static begin(path: string, snapshot: () => Iterable<string>): Replacement {
    refuseUnlessFile(path);
    Replacement.clear(path);
    return new Replacement(path, snapshot);
  }

  /** Takes away what a run that was killed had begun. */
  static clear(path: string): void {
    rmSync(besideOf(path), { force: true });
  }

  /** Takes in a line that came since. */
  follow(line: string): void {
    this.#tail.push(line);
    this.#tailLength += line.length;
  }

  /** Makes `write` end soon, by throwing. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  /** Resolves when the snapshot, and most of what came since, is on the disk. Only the lines' making holds up. */
  async write(): Promise<void> {
    let chunk = '';
    for (const line of this.#all()) {
      chunk += line;
      this.lines++;
      if (chunk.length < CHUNK_LENGTH) continue;
      await this.#file.write(chunk);
      chunk = '';
      if (this.#tailLength > MAX_TAIL) throw new Error('lines come faster than the disk takes them');
      if (this.#isGivenUp) throw new Error('it was given up');
    }
    await this.#file.write(chunk);
    await this.#file.sync();
  }

  /** Adds what is left and takes the file's place, at once. `syncFolderOf` is to follow. */
  finish(): LogFile {
    this.lines += this.#tail.length;
    const { failure } = this.#file.append(Buffer.from(this.#tail.join('')));
    if (failure !== null) throw new Error(failure);
    refuseUnlessFile(this.#path);
    renameSync(besideOf(this.#path), this.#path);
    return this.#file;
  }

  /** Leaves the file as it is. */
  discard(): void {
    this.#file.close();
    try {
      Replacement.clear(this.#path);
    } catch {
      // It is in nobody's way, and the next one tries again.
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

function besideOf(path: string): string {
  return `${path}.new`;
}
