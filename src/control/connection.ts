import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { answer } from './answers.ts';
import type { ControlHandlers } from './handlers.ts';
import { LineReader } from './line-reader.ts';
import { formatError, MAX_REQUEST_LENGTH, parseRequest } from './protocol.ts';

/** What a connection may take, in ms. */
export interface ConnectionLimits {
  /** For a request to arrive as a whole: who connects and says nothing holds a place only so long. */
  readonly requestTime: number;
  /** Without a single octet of the answer taken: nor does who asks and does not read. */
  readonly stallTime: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = { requestTime: 10_000, stallTime: 10_000 };

/**
 * An answer is written in pieces of about this many characters, each when the one before has gone: so much is held
 * for a client that does not read, however long the answer is, and so long are timers kept waiting.
 */
const PIECE = 16_384;

/** Answers one client's requests, one after another, until it has no more. Never rejects. */
export async function serveConnection(
  socket: Socket,
  handlers: ControlHandlers,
  limits = CONNECTION_LIMITS,
): Promise<void> {
  // A client may go away in the middle of anything; the end of the connection tells.
  socket.on('error', () => {});
  socket.on('timeout', () => socket.destroy());
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const reader = new LineReader(socket, MAX_REQUEST_LENGTH);
  while (await serveNext(socket, reader, handlers, limits));
  socket.destroySoon();
  await closed;
}

/** True when another request may follow. */
async function serveNext(
  socket: Socket,
  reader: LineReader,
  handlers: ControlHandlers,
  { requestTime, stallTime }: ConnectionLimits,
): Promise<boolean> {
  const timer = setTimeout(() => {
    const tell = write(
      socket,
      formatError('request', `no request came within ${requestTime / 1000} s`),
      stallTime,
    );
    void tell.then(() => socket.destroy());
  }, requestTime);
  const next = await reader.next();
  clearTimeout(timer);
  if (next === 'end' || !socket.writable) return false;
  if (next === 'too long') {
    const expected = `expected a request of at most ${MAX_REQUEST_LENGTH} octets, found a longer one`;
    await write(socket, formatError('request', expected), stallTime);
    return false;
  }
  return respond(socket, next.line, handlers, stallTime);
}

async function respond(
  socket: Socket,
  line: string,
  handlers: ControlHandlers,
  stallTime: number,
): Promise<boolean> {
  const parsed = parseRequest(line);
  if (!parsed.ok) return write(socket, formatError('request', parsed.error), stallTime);
  let piece = '';
  try {
    for (const part of await answer(parsed.request, handlers)) {
      piece += part;
      if (piece.length < PIECE) continue;
      if (!(await write(socket, piece, stallTime))) return false;
      piece = '';
    }
  } catch (error) {
    // A mistake of ours in what a command shows is no reason to end the protection.
    piece += formatError('internal', `internal error: ${(error as Error).message}`);
  }
  return write(socket, piece, stallTime);
}

/** Resolves when it has gone; to false when nobody takes it any more. */
async function write(socket: Socket, text: string, stallTime: number): Promise<boolean> {
  if (!socket.writable) return false;
  socket.setTimeout(stallTime);
  await new Promise((resolve) => socket.write(text, resolve));
  socket.setTimeout(0);
  // A client that reads as fast as we write would keep everything else waiting.
  await turn();
  return socket.writable;
}
