import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename } from 'node:path';
import { systemReason } from '../capture/file/input.ts';
import { inFolderOf } from '../files/safe-path.ts';
import { CommandError, Exit } from '../preflight/exit.ts';

const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const MODE = 0o666;
const MODE_BITS = 0o777;

/**
 * Writes the page to a file that has the old content, or the new one as a whole: it is written beside it and renamed. A
 * file that was there keeps its mode; a new one has that of the umask. Throws a CommandError: 64 when the path names
 * something else than a file, 74 when it cannot be written.
 */
export function writePage(path: string, page: string): void {
  try {
    inFolderOf(path, (safe) => replace(safe, path, page));
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(Exit.ioError, `--html: ${path}: ${systemReason(error)}`);
  }
}

function replace(safe: string, path: string, page: string): void {
  const old = lstatSync(safe, { throwIfNoEntry: false });
  if (old !== undefined && !old.isFile())
    throw new CommandError(
      Exit.usage,
      `--html: ${path} is ${old.isDirectory() ? 'a folder' : 'no regular file'}; name a file, or - for standard output`,
    );
  const name = basename(path);
  const beside = `${safe.slice(0, safe.length - name.length)}.${name.slice(0, 200)}.${process.pid}.new`;
  const descriptor = openSync(beside, FLAGS, MODE);
  try {
    if (old !== undefined) fchmodSync(descriptor, old.mode & MODE_BITS);
    const bytes = Buffer.from(page);
    for (let written = 0; written < bytes.length; )
      written += writeSync(descriptor, bytes, written, bytes.length - written);
    fsyncSync(descriptor);
    renameSync(beside, safe);
  } catch (error) {
    unlinkSync(beside);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}
