import { once } from 'node:events';
import { chmodSync, linkSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { dirname, join } from 'node:path';
import { ask, ControlError, MAX_PATH_BYTES } from './client.ts';
import type { Status } from './status.ts';

/** Only the owner, root, may give orders. */
const SOCKET_MODE = 0o600;
const FOLDER_MODE = 0o755;

/** How long a program that holds the path may take to identify itself. */
const OCCUPANT_TIMEOUT_MS = 1_000;

/** Attempts to link, because another daemon may take the path between our check and our link. */
const MAX_ATTEMPTS = 3;

const ELSEWHERE = 'set another CONTROL_SOCKET';

/** Distinguishes a file from another one at the same path. */
export type FileIdentity = string;

/**
 * Makes `server` listen at `path`, and resolves to the identity of its file. Replaces a socket that a killed daemon
 * left. On failure, as when another daemon answers there, closes the server and rejects with one line.
 */
export async function bindSocket(server: Server, path: string): Promise<FileIdentity> {
  const length = Buffer.byteLength(path);
  if (length > MAX_PATH_BYTES) {
    throw new Error(`CONTROL_SOCKET: expected a path of at most ${MAX_PATH_BYTES} octets, found ${length}`);
  }
  let closed: string | null = null;
  try {
    const made = mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
    // The pid file may be there too, and everybody may read it whatever our umask is.
    if (made !== undefined) chmodSync(dirname(path), FOLDER_MODE);
    // Anybody could connect between bind(2) and chmod(2). So bind in a folder that is closed to others, and link
    // the socket into place when it has its mode.
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

/** Links instead of renaming, because a link never replaces what another daemon has just made. */
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

/** Removes a socket that no program listens on. Throws when one listens, or the file is no socket. */
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

/** Which program listens on the socket and what to do about it, in one line; null when none does. */
export async function findOccupant(path: string): Promise<string | null> {
  try {
    for await (const answer of ask(path, { command: 'status' }, OCCUPANT_TIMEOUT_MS)) {
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
