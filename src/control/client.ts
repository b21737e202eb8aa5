import { connect } from 'node:net';
import { oneLine } from '../record/one-line.ts';
import { LineReader } from './line-reader.ts';
import { formatRequest, PROTOCOL_VERSION, parseObject, type Reason, type Request } from './protocol.ts';

/** The longest line of an answer in octets: whatever answers at the path fills no memory. */
const MAX_ANSWER_LENGTH = 1024 * 1024;

/** The longest path in octets: sun_path of the kernel's sockaddr_un, less its NUL. A longer one would be cut. */
export const MAX_PATH_LENGTH = 107;

/** One line of an answer: its fields, or why there is none. */
export type Response =
  | { readonly ok: true; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly reason: Reason; readonly error: string };

/** Nobody listens; we may not connect; no answer comes; what comes is none of ours. */
export type Trouble = 'absent' | 'forbidden' | 'silent' | 'protocol';

/** Why a daemon could not be asked; the message is one line that names the path. */
export class ControlError extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble, message: string) {
    super(message);
    this.trouble = trouble;
  }
}

/**
 * Sends a request to the daemon at `path` and gives the lines of its answer; a list ends with one whose field `end`
 * is true. Throws a ControlError, as when a line takes longer than `patience` (ms).
 */
export async function* ask(path: string, request: Request, patience: number): AsyncGenerator<Response> {
  if (Buffer.byteLength(path) > MAX_PATH_LENGTH) {
    throw new ControlError(
      'absent',
      `no portsentry answers on ${path}: it has over ${MAX_PATH_LENGTH} octets`,
    );
  }
  const socket = connect({ path });
  let failure: NodeJS.ErrnoException | null = null;
  socket.on('error', (error) => {
    failure = error;
  });
  try {
    socket.write(formatRequest(request));
    const reader = new LineReader(socket, MAX_ANSWER_LENGTH);
    for (;;) {
      const late = setTimeout(() => {
        failure = new ControlError('silent', `${path} does not answer (waited ${patience / 1000} s)`);
        socket.destroy();
      }, patience);
      const next = await reader.next();
      clearTimeout(late);
      if (typeof next === 'string') throw troubleOf(failure, path, next);
      const response = parseResponse(next.line);
      if (response === null) throw new ControlError('protocol', `what answers on ${path} is no portsentry`);
      yield response;
      if (isLast(request, response)) return;
    }
  } finally {
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
  return { ok, reason: fields.reason as Reason, error: oneLine(String(fields.error)) };
}

function isLast({ command }: Request, response: Response): boolean {
  return command !== 'list' || !response.ok || response.fields.end === true;
}
