import { accessSync, constants, lstatSync, type Stats, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** What to look at. A user who is not root cannot tell which rights root will have, so `rights` is false for one. */
export interface PathQuery {
  readonly rights: boolean;
}

/** Why a start could not open this file to append to it; null if nothing is seen that would keep it from that. */
export function fileTrouble(path: string, query: PathQuery): string | null {
  const stat = statOf(path);
  if (typeof stat === 'string') return stat;
  if (stat?.isDirectory()) return `${path} is a folder`;
  if (stat !== null) return accessTrouble(path, constants.W_OK, query);
  return folderTrouble(dirname(path), query);
}

/** Says that something else than a file has the name, which the start would not write to; null if not, or for a folder. */
export function notRegular(path: string): string | null {
  try {
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) return `${path} is a symbolic link, which is not followed`;
    return stat.isFile() || stat.isDirectory() ? null : `${path} is a pipe, a device or a socket`;
  } catch {
    return null;
  }
}

/** Why a start could not write into this folder, or make it if it is missing; null as above. */
export function folderTrouble(path: string, query: PathQuery): string | null {
  const stat = statOf(path);
  if (typeof stat === 'string') return stat;
  if (stat === null) return dirname(path) === path ? null : folderTrouble(dirname(path), query);
  if (!stat.isDirectory()) return `${path} is no folder`;
  return accessTrouble(path, constants.W_OK | constants.X_OK, query);
}

/** null if there is no such file; a text if that cannot be found out. */
function statOf(path: string): Stats | string | null {
  try {
    return statSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    return code === 'ENOTDIR' ? `something above ${path} is no folder` : null;
  }
}

/** Says that the disk is full on which this folder is; null if it is not, or if that cannot be found out. */
export function fullDisk(folder: string): string | null {
  try {
    const { blocks, bfree } = statfsSync(folder);
    // Some file systems, such as /proc, have no blocks at all.
    return blocks > 0 && bfree === 0 ? `the disk of ${folder} is full` : null;
  } catch {
    return null;
  }
}

function accessTrouble(path: string, mode: number, { rights }: PathQuery): string | null {
  try {
    accessSync(path, mode);
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EROFS') return `${path} is on a read-only file system`;
    return rights ? `${path} may not be written (${code})` : null;
  }
}
