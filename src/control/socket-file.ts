import { chmodSync, mkdirSync } from 'node:fs';
import type { Server } from 'node:net';
import { dirname } from 'node:path';
import { bindUnixSocket, type FileIdentity, MAX_SOCKET_PATH_BYTES } from '../files/unix-socket.ts';
import { ask, ControlError } from './client.ts';
import type { Status } from './status.ts';

/** Only the owner, root, may give orders. */
const SOCKET_MODE = 0o600;
const FOLDER_MODE = 0o755;

/** How long a program that holds the path may take to identify itself. */
const OCCUPANT_TIMEOUT_MS = 1_000;

const ELSEWHERE = 'set another CONTROL_SOCKET';

/**
 * Makes `server` listen at `path`, and resolves to the identity of its file. Replaces a socket that a killed daemon
 * left. On failure, as when another daemon answers there, closes the server and rejects with one line.
 */
export async function bindSocket(server: Server, path: string): Promise<FileIdentity> {
  const length = Buffer.byteLength(path);
  if (length > MAX_SOCKET_PATH_BYTES) {
    throw new Error(
      `CONTROL_SOCKET: expected a path of at most ${MAX_SOCKET_PATH_BYTES} octets, found ${length}`,
    );
  }
  try {
    const made = mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
    // The pid file may be there too, and everybody may read it whatever our umask is.
    if (made !== undefined) chmodSync(dirname(path), FOLDER_MODE);
    const remedy = `remove it, or ${ELSEWHERE}`;
    return await bindUnixSocket(server, path, { mode: SOCKET_MODE, findOccupant, remedy });
  } catch (error) {
    server.close();
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== undefined) throw new Error(`CONTROL_SOCKET: ${path} cannot be made: ${message}`);
    throw message.startsWith(path) ? new Error(`CONTROL_SOCKET: ${message}`) : error;
  }
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
