import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { entryOf, openFolder } from '../../files/safe-path.ts';

/** Mode of the folders that are made for a file. */
const FOLDER_MODE = 0o755;

/** A longer file is none of ours. */
const MAX_READ_BYTES = 4 * 1024 * 1024;

/** What lies at a path; `text` of a file that is too long to be ours is null. */
export type Entry =
  | { readonly kind: 'absent' | 'folder' | 'other' }
  | { readonly kind: 'file'; readonly text: string | null };

const ABSENT: Entry = { kind: 'absent' };

/**
 * The file system of a host whose root is a folder of this one. Links are those of that host, and no link is followed
 * below a folder that another user may write to (`files/safe-path.ts`). All functions throw system errors.
 */
export class Tree {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** What lies there. A link is not followed. */
  look(path: string): Entry {
    const found = this.#inFolder<Entry>(path, (safe) => {
      const stat = lstatSync(safe);
      if (stat.isDirectory()) return { kind: 'folder' };
      if (!stat.isFile()) return { kind: 'other' };
      if (stat.size > MAX_READ_BYTES) return { kind: 'file', text: null };
      const fd = openSync(safe, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        return { kind: 'file', text: readFileSync(fd, 'utf8') };
      } finally {
        closeSync(fd);
      }
    });
    return found ?? ABSENT;
  }

  /** Writes a file beside its place and then renames it, so that a reader sees the old one or the new one. */
  write(path: string, text: string, mode: number): void {
    const fd = openFolder(dirname(path), FOLDER_MODE, this.#root);
    const temporary = entryOf(fd, `.${basename(path)}.${randomBytes(6).toString('hex')}`);
    try {
      writeWhole(temporary, text, mode);
      try {
        renameSync(temporary, entryOf(fd, basename(path)));
      } catch (error) {
        unlinkSync(temporary);
        throw error;
      }
    } finally {
      closeSync(fd);
    }
  }

  /** Makes a folder, and those above it. */
  makeFolder(path: string, mode: number): void {
    const fd = openFolder(dirname(path), FOLDER_MODE, this.#root);
    try {
      mkdirSync(entryOf(fd, basename(path)), { mode });
    } finally {
      closeSync(fd);
    }
  }

  /** The folders of this path that do not exist, the highest first; the path itself is not one of them. */
  missingFolders(path: string): string[] {
    const missing: string[] = [];
    for (let folder = dirname(path); folder !== '/' && !this.#isFolder(folder); folder = dirname(folder))
      missing.unshift(folder);
    return missing;
  }

  /** Removes a file or a link. */
  remove(path: string): void {
    this.#inFolder(path, unlinkSync);
  }

  /** Removes an empty folder; says whether it is gone. */
  removeFolder(path: string): boolean {
    try {
      return this.#inFolder(path, (safe) => rmdirSync(safe)) !== null;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR' || code === 'EBUSY') return false;
      throw error;
    }
  }

  /** The names in a folder; none where there is no folder. */
  names(folder: string): string[] {
    try {
      const fd = openFolder(folder, null, this.#root);
      try {
        return readdirSync(`/proc/self/fd/${fd}`).sort();
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  #isFolder(folder: string): boolean {
    try {
      closeSync(openFolder(folder, null, this.#root));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** null where the folder, or what `use` looks for, is missing. */
  #inFolder<T>(path: string, use: (safe: string) => T): T | null {
    try {
      const fd = openFolder(dirname(path), null, this.#root);
      try {
        return use(entryOf(fd, basename(path)));
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function writeWhole(path: string, text: string, mode: number): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const fd = openSync(path, flags, 0o600);
  try {
    writeFileSync(fd, text);
    fchmodSync(fd, mode);
    fsyncSync(fd);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(fd);
  }
}
