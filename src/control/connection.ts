import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { answer } from './answers.ts';
import type { ControlHandlers } from './handlers.ts';
import { LineReader } from './line-reader.ts';
import { formatError, MAX_REQUEST_BYTES, parseRequest } from './protocol.ts';

/** How long a client may hold a connection. */
export interface ConnectionLimits {
  /** Until a whole request has arrived, so that a silent client loses its place. */
  readonly requestTimeMs: number;
  /** Without reading a single octet of the answer, so that a client that does not read loses its place too. */
  readonly stallTimeMs: number;
}

/** The limits that a server uses by default. */
export const CONNECTION_LIMITS: ConnectionLimits = { requestTimeMs: 10_000, stallTimeMs: 10_000 };

/**
 * An answer is written in pieces of about this length, each after the one before has gone. A client that does not
 * read costs the memory of one piece, and timers wait no longer than one piece takes.
 */
const PIECE_CHARS = 16_384;

/** Answers the requests of one client in order until it sends no more. Never rejects. */
export async function serveConnection(
  socket: Socket,
  handlers: ControlHandlers,
  limits = CONNECTION_LIMITS,
): Promise<void> {
  // A client may disconnect at any moment; `close` reports it.
  socket.on('error', () => {});
  socket.on('timeout', () => socket.destroy());
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const reader = new LineReader(socket, MAX_REQUEST_BYTES);
  while (await serveNext(socket, reader, handlers, limits));
  socket.destroySoon();
  await closed;
}

/** True when another request may follow. */
async function serveNext(
  socket: Socket,
  reader: LineReader,
  handlers: ControlHandlers,
  { requestTimeMs, stallTimeMs }: ConnectionLimits,
): Promise<boolean> {
  const timer = setTimeout(() => {
    const reply = write(
      socket,
      formatError('request', `no request came within ${requestTimeMs / 1000} s`),
      stallTimeMs,
    );
    void reply.then(() => socket.destroy());
  }, requestTimeMs);
  const next = await reader.next();
  clearTimeout(timer);
  if (next === 'end' || !socket.writable) return false;
  if (next === 'too long') {
    const expected = `expected a request of at most ${MAX_REQUEST_BYTES} octets, found a longer one`;
    await write(socket, formatError('request', expected), stallTimeMs);
    return false;
  }
  return respond(socket, next.line, handlers, stallTimeMs);
}

async function respond(
  socket: Socket,
  line: string,
  handlers: ControlHandlers,
  stallTimeMs: number,
): Promise<boolean> {
  const parsed = parseRequest(line);
  if (!parsed.ok) return write(socket, formatError('request', parsed.error), stallTimeMs);
  let piece = '';
  try {
    const lines = await answer(parsed.request, handlers);
    if (Symbol.asyncIterator in lines) return await subscribe(socket, lines, stallTimeMs);
    for (const part of lines) {
      piece += part;
      if (piece.length < PIECE_CHARS) continue;
      if (!(await write(socket, piece, stallTimeMs))) return false;
      piece = '';
    }
  } catch (error) {
    // A bug in a handler must not end the protection.
    piece += formatError('internal', `internal error: ${(error as Error).message}`);
  }
  return write(socket, piece, stallTimeMs);
}

/**
 * Writes each line when it comes, and asks for the next one when it has gone. So a client that reads slowly gets fewer of
 * them, and one that does not read at all is dropped. Resolves to false, also when too many watch: no request follows, so that
 * the place is free for another client.
 */
async function subscribe(socket: Socket, lines: AsyncIterable<string>, stallTimeMs: number): Promise<false> {
  for await (const line of lines) {
    for (let at = 0; at < line.length; at += PIECE_CHARS)
      if (!(await write(socket, line.slice(at, at + PIECE_CHARS), stallTimeMs))) return false;
  }
  return false;
}

/** Resolves when the text has gone: to false when the client has gone too. */
async function write(socket: Socket, text: string, stallTimeMs: number): Promise<boolean> {
  if (!socket.writable) return false;
  socket.setTimeout(stallTimeMs);
  await new Promise((resolve) => socket.write(text, resolve));
  socket.setTimeout(0);
  // Otherwise a client that reads as fast as we write would delay everything else.
  await turn();
  return socket.writable;
}
