import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { type ByteInput, FileInput, systemReason } from '../capture/file/input.ts';
import { rotatedFiles } from './rotated.ts';

/** How often files are looked for when logrotate renames them meanwhile. */
const MAX_LOOKS = 3;

/** An event file that is open, so that logrotate may rename it. */
export interface EventFile {
  readonly path: string;
  /** Octets in the file, compressed ones if it is. */
  readonly bytes: number;
  readonly descriptor: number;
  /** Device and inode, which stay when the file is renamed. */
  readonly identity: string;
}

/** The event files that were found. The caller must close them. */
export interface FoundFiles {
  readonly files: EventFile[];
  /** One line for people for each file that cannot be read. */
  readonly troubles: string[];
}

/**
 * Opens EVENT_FILE and the files that logrotate made of it, oldest first. A file that is missing is none. A file that
 * logrotate renames meanwhile is opened once, and none is missed.
 */
export function openEventFiles(path: string): FoundFiles {
  for (let look = 1; ; look++) {
    const found = openOnce(path);
    if (look === MAX_LOOKS || isUnchanged(path, found.files)) return found;
    closeEventFiles(found.files);
  }
}

/** Opens one event file. Throws a system error, or one that says what it is instead of a file. */
export function openEventFile(path: string): EventFile {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stats = fstatSync(descriptor);
  if (stats.isFile()) return { path, bytes: stats.size, descriptor, identity: `${stats.dev} ${stats.ino}` };
  closeSync(descriptor);
  throw new Error(stats.isDirectory() ? 'is a folder, not a file' : 'is not a regular file');
}

/** Closes the files. */
export function closeEventFiles(files: readonly EventFile[]): void {
  for (const { descriptor } of files) closeSync(descriptor);
}

const GZIP_MAGIC = [0x1f, 0x8b];

/** What reads the file from its start, and decompresses it; several may read it, one after the other. */
export async function inputOf({ descriptor }: EventFile): Promise<ByteInput> {
  const head = new Uint8Array(GZIP_MAGIC.length);
  const length = new FileInput(descriptor).read(head);
  const isGzip = length === GZIP_MAGIC.length && GZIP_MAGIC.every((octet, index) => head[index] === octet);
  if (!isGzip) return new FileInput(descriptor);
  return new (await import('../capture/file/gunzip.ts')).GunzipInput(new FileInput(descriptor));
}

function openOnce(path: string): FoundFiles {
  const troubles: string[] = [];
  const files: EventFile[] = [];
  let paths: readonly string[] = [path];
  try {
    const found = rotatedFiles(path);
    paths = found.paths;
    for (const other of found.unreadable)
      troubles.push(`${other}: only gzip is read; decompress the file to include it`);
  } catch {
    // The folder may be closed to this user, and the file in it open.
  }
  for (const each of paths) {
    try {
      files.push(openEventFile(each));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        troubles.push(`${each}: ${systemReason(error)}`);
    }
  }
  return { files, troubles };
}

/** Whether each path still names the file that is open. */
function isUnchanged(path: string, files: readonly EventFile[]): boolean {
  const again = openOnce(path).files;
  closeEventFiles(again);
  return (
    again.length === files.length && files.every(({ identity }, index) => identity === again[index]?.identity)
  );
}
