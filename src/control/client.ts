import { connect } from 'node:net';
import { MAX_SOCKET_PATH_BYTES } from '../files/unix-socket.ts';
import { oneLine } from '../record/one-line.ts';
import { LineReader } from './line-reader.ts';
import { formatRequest, PROTOCOL_VERSION, parseObject, type Reason, type Request } from './protocol.ts';

/** The longest line of an answer, so that no program at the path can fill our memory. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** One line of an answer: its fields, or why the daemon gives none. */
export type Response =
  | { readonly ok: true; readonly fields: Readonly<Record<string, unknown>> }
  | {
      readonly ok: false;
      readonly reason: Reason;
      readonly error: string;
      /** What else it says, such as how many blocks were taken back. */
      readonly fields: Readonly<Record<string, unknown>>;
    };

/**
 * `absent`: nothing listens. `forbidden`: no permission to connect. `silent`: no answer comes. `protocol`: another
 * program answers.
 */
export type Trouble = 'absent' | 'forbidden' | 'silent' | 'protocol';

/** The daemon could not be asked. The message says why in one line that names the path. */
export class ControlError extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble, message: string) {
    super(message);
    this.trouble = trouble;
  }
}

/**
 * Sends a request to the daemon at `path` and yields the lines of its answer. In the last line of a list the field
 * `end` is true; `watch` has no last line. Throws a ControlError, also when a line takes longer than `timeoutMs`. When
 * `signal` is aborted, it ends without an error.
 */
export async function* ask(
  path: string,
  request: Request,
  timeoutMs: number,
  signal?: AbortSignal,
): AsyncGenerator<Response> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new ControlError(
      'absent',
      `no portsentry answers on ${path}: the path is longer than ${MAX_SOCKET_PATH_BYTES} octets`,
    );
  }
  const socket = connect({ path });
  let failure: NodeJS.ErrnoException | null = null;
  socket.on('error', (error) => {
    failure = error;
  });
  const end = () => socket.destroy();
  signal?.addEventListener('abort', end);
  try {
    socket.write(formatRequest(request));
    const reader = new LineReader(socket, MAX_ANSWER_BYTES);
    for (;;) {
      const late = setTimeout(() => {
        failure = new ControlError('silent', `${path} does not answer (waited ${timeoutMs / 1000} s)`);
        socket.destroy();
      }, timeoutMs);
      const next = await reader.next();
      clearTimeout(late);
      if (signal?.aborted) return;
      if (typeof next === 'string') throw troubleOf(failure, path, next);
      const response = parseResponse(next.line);
      if (response === null) throw new ControlError('protocol', `the program on ${path} is not portsentry`);
      yield response;
      if (isLast(request, response)) return;
    }
  } finally {
    signal?.removeEventListener('abort', end);
    socket.destroy();
  }
}

function troubleOf(
  failure: NodeJS.ErrnoException | null,
  path: string,
  ending: 'too long' | 'end',
): ControlError {
  if (failure instanceof ControlError) return failure;
  switch (failure?.code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return new ControlError('absent', `no portsentry answers on ${path}`);
    case 'EACCES':
    case 'EPERM':
      return new ControlError('forbidden', `${path}: no permission`);
    case 'EAGAIN':
      return new ControlError('silent', `${path} takes no more connections`);
    default: {
      const how = ending === 'end' ? (failure?.message ?? 'it ends too early') : 'a line is too long';
      return new ControlError('protocol', `the answer on ${path} cannot be used: ${how}`);
    }
  }
}

function parseResponse(line: string): Response | null {
  const sent = parseObject(line);
  if (sent === null) return null;
  const { version, ok, ...fields } = sent;
  if (version !== PROTOCOL_VERSION || typeof ok !== 'boolean') return null;
  if (ok) return { ok, fields };
  const { reason, error, ...more } = fields;
  return { ok, reason: reason as Reason, error: oneLine(String(error)), fields: more };
}

/** The requests whose answer has a line for each item. */
const STREAMED: ReadonlySet<Request['command']> = new Set(['list', 'list-members', 'scanners']);

function isLast({ command }: Request, response: Response): boolean {
  if (!response.ok) return true;
  if (command === 'watch') return false;
  return !STREAMED.has(command) || response.fields.end === true;
}
