import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import type { Server } from 'node:net';
import { basename, dirname, resolve } from 'node:path';
import { entryOf, openFolder } from './safe-path.ts';

/** The longest path: sun_path of the kernel's sockaddr_un without its NUL. A longer one would be cut. */
export const MAX_SOCKET_PATH_BYTES = 107;

/** Attempts to link, because another program may take the path between our check and our link. */
const MAX_ATTEMPTS = 3;

/** Others must have no rights in the folder in which a socket waits for its mode. */
const RIGHTS_OF_OTHERS = 0o077;

/** Distinguishes a file from another one at the same path. */
export type FileIdentity = string;

/** How a socket is bound. */
export interface SocketBinding {
  readonly mode: number;
  /** Says in one line which program listens at the path and what to do about it; null when none does. */
  readonly findOccupant: (path: string) => Promise<string | null>;
  /** What to do about a file that is no socket, as in `remove it`. */
  readonly remedy: string;
}

/**
 * Makes `server` listen at `path`, in a folder that is there, and resolves to the identity of its file. Replaces a socket
 * that nobody listens on, and nothing else. The owner of the folder cannot redirect any of this (`openFolder`). On
 * failure rejects with one line; the caller must close the server.
 */
export async function bindUnixSocket(
  server: Server,
  path: string,
  binding: SocketBinding,
): Promise<FileIdentity> {
  const folder = openFolder(dirname(resolve(path)));
  try {
    return await bindInFolder(server, { folder, path, name: basename(path) }, binding);
  } finally {
    closeSync(folder);
  }
}

/** The identity of the file at `path`; null when there is none or it cannot be inspected. */
export function identityOf(path: string): FileIdentity | null {
  try {
    const { dev, ino } = lstatSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

/** Removes the file at `path` if it still has this identity. */
export function removeSocket(path: string, identity: FileIdentity): void {
  if (identityOf(path) === identity) rmSync(path, { force: true });
}

interface Place {
  /** The open folder. */
  readonly folder: number;
  readonly path: string;
  readonly name: string;
}

/**
 * Anybody could connect between bind(2) and chmod(2). So the socket is bound in a folder that is closed to others, and is
 * linked into place when it has its mode.
 */
async function bindInFolder(server: Server, place: Place, binding: SocketBinding): Promise<FileIdentity> {
  const closed = mkdtempSync(entryOf(place.folder, '.ps-'));
  try {
    const fd = openClosed(closed);
    // Node removes the path that it has bound when the server closes. By then the descriptor may be another folder's.
    const bound = entryOf(fd, `socket-${randomBytes(8).toString('hex')}`);
    try {
      server.listen(bound);
      await once(server, 'listening');
      chmodSync(bound, binding.mode);
      await linkInPlace(bound, place, binding);
      return identityOf(entryOf(place.folder, place.name)) as FileIdentity;
    } finally {
      rmSync(bound, { force: true });
      closeSync(fd);
    }
  } finally {
    rmdirSync(closed);
  }
}

/** The folder that was just made, unless the owner of the folder around it has put another in its place. */
function openClosed(path: string): number {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  const { uid, mode } = fstatSync(fd);
  if (uid === process.geteuid?.() && (mode & RIGHTS_OF_OTHERS) === 0) return fd;
  closeSync(fd);
  throw new Error('somebody else writes into its folder');
}

/** Links instead of renaming, because a link never replaces what another program has just made. */
async function linkInPlace(bound: string, place: Place, binding: SocketBinding): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await makeRoom(place, binding);
    try {
      linkSync(bound, entryOf(place.folder, place.name));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/** Removes a socket that no program listens on. Throws when one listens, or the file is no socket. */
async function makeRoom(
  { folder, path, name }: Place,
  { findOccupant, remedy }: SocketBinding,
): Promise<void> {
  const entry = entryOf(folder, name);
  const identity = identityOf(entry);
  if (identity === null) return;
  if (!lstatSync(entry).isSocket()) throw new Error(`${path} is no socket: ${remedy}`);
  const occupant = await findOccupant(path);
  if (occupant !== null) throw new Error(occupant);
  removeSocket(entry, identity);
}
