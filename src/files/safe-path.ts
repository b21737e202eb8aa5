import { closeSync, constants, fstatSync, mkdirSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

/** O_PATH of every architecture that Node runs on: a descriptor that only names a place (open(2)). Node does not name it. */
const O_PATH = 0o10000000;
const PLACE = O_PATH | constants.O_NOFOLLOW;

/** The kernel's bound of links in one path (path_resolution(7)). */
const MAX_LINKS = 40;

/** Others may change the entries of a folder with one of these bits. */
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Calls `use` with a path of the same file that nobody can redirect, and returns its result. No symbolic link is followed
 * below a folder that another account owns or may write to: root must not be sent elsewhere by the user whose folder it
 * writes into. Each folder is opened from the one above it, because Node has no openat(2). The last component is not
 * looked at: open it with O_NOFOLLOW. Throws when a folder is missing, or a link may not be followed.
 */
export function inFolderOf<T>(path: string, use: (safe: string) => T): T {
  const fd = openFolder(dirname(resolve(path)));
  try {
    return use(entryOf(fd, basename(path)));
  } finally {
    closeSync(fd);
  }
}

/** Opens a file as open(2) does, without following links as above, and without waiting for the other end of a pipe. */
export function openSafely(path: string, flags: number, mode?: number): number {
  const safeFlags = flags | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  return inFolderOf(path, (safe) => {
    try {
      return openSync(safe, safeFlags, mode);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ELOOP') throw new Error(LINK);
      throw error;
    }
  });
}

const LINK = 'it is a symbolic link, which is not followed';

/** Opens a regular file in the same way. Throws for a pipe, a device, a folder or a socket. */
export function openRegular(path: string, flags: number, mode?: number): number {
  const fd = openSafely(path, flags, mode);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new Error('it is not a regular file');
}

/**
 * A descriptor that names the folder; reading and writing need another one. With `mode`, missing folders are made. With
 * `root`, the path and the links in it are those of a system in that folder, and lead nowhere outside. The caller must
 * close it.
 */
export function openFolder(path: string, mode: number | null = null, root = '/'): number {
  const names = resolve(path)
    .split('/')
    .filter((name) => name !== '');
  let fd = openSync(root, O_PATH | constants.O_DIRECTORY);
  const top = fstatSync(fd);
  let owner = ownerOf(top);
  for (let links = 0; names.length > 0; ) {
    const name = names.shift() as string;
    const folder = fd;
    if (name === '..' && isSame(fstatSync(folder), top)) continue;
    try {
      fd = enter(folder, name, mode);
      const stat = fstatSync(fd);
      if (stat.isSymbolicLink()) {
        if (owner !== null)
          throw new Error(`${name} is a symbolic link below a folder ${owner}: it is not followed`);
        if (++links > MAX_LINKS) throw new Error('too many symbolic links');
        const target = readlinkSync(entryOf(folder, name));
        names.unshift(...target.split('/').filter((part) => part !== ''));
        closeSync(fd);
        fd = folder;
        fd = openSync(
          target.startsWith('/') ? root : `/proc/self/fd/${folder}`,
          O_PATH | constants.O_DIRECTORY,
        );
      } else if (!stat.isDirectory()) throw new Error(`${name} is no folder`);
      else owner ??= ownerOf(stat);
    } catch (error) {
      if (fd !== folder) closeSync(fd);
      throw error;
    } finally {
      closeSync(folder);
    }
  }
  return fd;
}

function isSame(a: Stats, b: Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

/** The path of an entry of an open folder. */
export function entryOf(fd: number, name: string): string {
  return `/proc/self/fd/${fd}/${name}`;
}

function enter(folder: number, name: string, mode: number | null): number {
  const path = entryOf(folder, name);
  try {
    return openSync(path, PLACE);
  } catch (error) {
    if (mode === null || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(path, { mode });
    return openSync(path, PLACE);
  }
}

/** The other account that may put a link into this folder, in words; null for nobody but root and this process's own user. */
function ownerOf({ uid, mode }: Stats): string | null {
  if (uid !== 0 && uid !== process.geteuid?.()) return `of user ${uid}`;
  return (mode & WRITABLE_BY_OTHERS) === 0 ? null : 'that others may write to';
}
