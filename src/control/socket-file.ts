import { once } from 'node:events';
import { chmodSync, linkSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { dirname, join } from 'node:path';
import { ask, ControlError, MAX_PATH_LENGTH } from './client.ts';
import type { Status } from './status.ts';

/** Only its owner, root, gives orders. */
const SOCKET_MODE = 0o600;
const FOLDER_MODE = 0o755;

/** How long (ms) whoever holds the path may take to say who it is. */
const OCCUPANT_TIME = 1_000;

/** How often somebody else may take the path between our look and our link, until that is an error. */
const MAX_ATTEMPTS = 3;

const ELSEWHERE = 'set another CONTROL_SOCKET';

/** Tells one file from another that has its path. */
export type FileIdentity = string;

/**
 * Makes `server` listen at `path`, and resolves to the identity of its file. What a killed daemon has left is
 * replaced. Rejects with one line when it cannot, as when another daemon answers there; the server is closed then.
 */
export async function bindSocket(server: Server, path: string): Promise<FileIdentity> {
  const length = Buffer.byteLength(path);
  if (length > MAX_PATH_LENGTH) {
    throw new Error(`CONTROL_SOCKET: expected a path of at most ${MAX_PATH_LENGTH} octets, found ${length}`);
  }
  let closed: string | null = null;
  try {
    const made = mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
    // A pid file may stand there, too, for everybody to read whatever our umask is.
    if (made !== undefined) chmodSync(dirname(path), FOLDER_MODE);
    // Bound in a folder that is closed to others, and linked to its place with the right mode: between the call
    // that binds and the one that sets the mode anybody could connect.
    closed = mkdtempSync(join(dirname(path), '.ps-'));
    const bound = join(closed, 's');
    server.listen(bound);
    await once(server, 'listening');
    chmodSync(bound, SOCKET_MODE);
    await linkInPlace(bound, path);
    return identityOf(path) as FileIdentity;
  } catch (error) {
    server.close();
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : new Error(`CONTROL_SOCKET: ${path} cannot be made: ${message}`);
  } finally {
    if (closed !== null) rmSync(closed, { recursive: true, force: true });
  }
}

/** Of the file that is there now; null when there is none that can be looked at. */
export function identityOf(path: string): FileIdentity | null {
  try {
    const { dev, ino } = lstatSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

/** Removes the file if it is still this one. */
export function removeSocket(path: string, identity: FileIdentity): void {
  if (identityOf(path) === identity) rmSync(path, { force: true });
}

/** Links, which unlike renaming never replaces what another daemon has just made. */
async function linkInPlace(bound: string, path: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await makeRoom(path);
    try {
      linkSync(bound, path);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/** Takes away a socket behind which nobody is; throws when there is somebody, or it is no socket. */
async function makeRoom(path: string): Promise<void> {
  const identity = identityOf(path);
  if (identity === null) return;
  if (!lstatSync(path).isSocket()) {
    throw new Error(`CONTROL_SOCKET: ${path} is no socket: remove it, or ${ELSEWHERE}`);
  }
  const occupant = await findOccupant(path);
  if (occupant !== null) throw new Error(occupant);
  removeSocket(path, identity);
}

/** Who is behind the socket, and what to do about it; null when nobody is. */
export async function findOccupant(path: string): Promise<string | null> {
  try {
    for await (const answer of ask(path, { command: 'status' }, OCCUPANT_TIME)) {
      const pid = answer.ok ? (answer.fields.status as Partial<Status> | undefined)?.pid : undefined;
      return (
        `another portsentry${pid === undefined ? '' : ` (pid ${pid})`} answers on ${path}: ` +
        `give both modes to one process (-atcp -audp), or ${ELSEWHERE} and STATE_DIR`
      );
    }
    return null;
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    if (error.trouble === 'absent') return null;
    return `CONTROL_SOCKET: another program holds the path: ${error.message}; end it, or ${ELSEWHERE}`;
  }
}
