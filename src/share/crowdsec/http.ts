import type { IncomingMessage, RequestOptions } from 'node:http';
import type { SecureContext } from 'node:tls';
import { getSystemErrorMap } from 'node:util';
import { EngineError } from '../engine.ts';

/** The time for a connection, TLS, a request and its answer. */
const TIMEOUT_MS = 30_000;

/** The headers of an answer, so that an engine cannot make us keep much. */
const MAX_HEADER_BYTES = 16_384;

/** The most octets of an answer that is read as a whole: some alerts of others bring thousands of events. */
const MAX_ANSWER_BYTES = 16_777_216;

/** What one request needs. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly secureContext: SecureContext | null;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
}

/** The answer to a request; its body is not read yet. */
export interface HttpAnswer {
  readonly status: number;
  /** The time of the engine, ms since the epoch; null when it does not tell. */
  readonly date: number | null;
  /** The pieces of the body. Rejects with an EngineError. */
  readonly body: AsyncIterable<Buffer>;
  /** Reads the body. Rejects with an EngineError when it is too long. */
  readonly text: () => Promise<string>;
  /** Ends the connection. */
  readonly drop: () => void;
}

/**
 * Sends one request on a connection of its own. A certificate is always verified, and redirects are not followed. Rejects
 * with an EngineError: `undone` while nothing can have reached the engine, and `unknown` after that.
 */
export async function request(asked: HttpRequest): Promise<HttpAnswer> {
  const { url, method, headers, body, secureContext, signal, timeoutMs = TIMEOUT_MS } = asked;
  const late = AbortSignal.timeout(timeoutMs);
  const bytes = body === undefined ? null : Buffer.from(JSON.stringify(body));
  const options: RequestOptions = {
    method,
    agent: false,
    signal: AbortSignal.any([signal, late]),
    maxHeaderSize: MAX_HEADER_BYTES,
    headers: {
      ...headers,
      ...(bytes === null ? {} : { 'Content-Type': 'application/json', 'Content-Length': bytes.length }),
    },
  };
  /** Whether the engine may have got any of the request. */
  let isOnItsWay = false;
  const explain = (error: unknown) => {
    if (error instanceof EngineError) return error;
    const outcome = isOnItsWay ? 'unknown' : 'undone';
    if (signal.aborted) return new EngineError('portsentry ends', outcome);
    if (late.aborted) return new EngineError(`no answer within ${timeoutMs / 1_000} s`, outcome);
    return new EngineError(reasonOf(error as NodeJS.ErrnoException), outcome);
  };
  const isSecure = url.protocol === 'https:';
  // Loaded only here, because most daemons share nothing.
  const { request: open } = isSecure ? await import('node:https') : await import('node:http');
  const secure = isSecure ? { rejectUnauthorized: true, secureContext } : {};
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = open(url, { ...options, ...secure } as RequestOptions);
    sent.on('socket', (socket) => {
      socket.once(isSecure ? 'secureConnect' : 'connect', () => {
        isOnItsWay = true;
      });
    });
    sent.on('error', reject);
    sent.on('response', resolve);
    sent.end(bytes);
  }).catch((error: unknown) => {
    throw explain(error);
  });
  response.on('error', () => {
    // The reader of the body gets it.
  });
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400) {
    response.destroy();
    throw new EngineError(`status ${status}: it leads elsewhere, which is not followed`, 'undone');
  }
  const pieces = piecesOf(response, explain);
  return {
    status,
    date: dateOf(response.headers.date),
    body: pieces,
    text: () => readAll(pieces),
    drop: () => response.destroy(),
  };
}

async function* piecesOf(
  response: IncomingMessage,
  explain: (error: unknown) => EngineError,
): AsyncGenerator<Buffer> {
  try {
    for await (const piece of response as AsyncIterable<Buffer>) yield piece;
  } catch (error) {
    throw explain(error);
  } finally {
    response.destroy();
  }
}

async function readAll(pieces: AsyncIterable<Buffer>): Promise<string> {
  const read: Buffer[] = [];
  let roomBytes = MAX_ANSWER_BYTES;
  for await (const piece of pieces) {
    roomBytes -= piece.length;
    if (roomBytes < 0)
      throw new EngineError(`its answer is longer than ${MAX_ANSWER_BYTES >> 20} MiB`, 'refused');
    read.push(piece);
  }
  return Buffer.concat(read).toString('utf8');
}

function dateOf(text: string | undefined): number | null {
  const date = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(date) ? null : date;
}

/** What the codes of OpenSSL and Node mean for an administrator. */
const TLS_REASONS: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of another authority than that of CROWDSEC_CA_FILE',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'its certificate is signed by itself, and not by the authority of CROWDSEC_CA_FILE',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an unknown authority: set CROWDSEC_CA_FILE',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is of an unknown authority: set CROWDSEC_CA_FILE',
  CERT_SIGNATURE_FAILURE: 'its certificate is not signed by the authority of CROWDSEC_CA_FILE',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: look at the clock',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name than that of CROWDSEC_URL',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it demands a client certificate: set CROWDSEC_CERT_FILE',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not know the authority of CROWDSEC_CERT_FILE',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'it refuses CROWDSEC_CERT_FILE',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'it says that CROWDSEC_CERT_FILE has expired',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS: is CROWDSEC_URL http:?',
  EPROTO: 'it does not speak TLS as expected',
  HPE_INVALID_CONSTANT: 'it does not speak HTTP: is CROWDSEC_URL https:?',
  HPE_HEADER_OVERFLOW: 'its headers are too long',
  ECONNRESET: 'it closed the connection',
  ENOTFOUND: 'its name has no address',
  EAI_AGAIN: 'its name cannot be looked up now',
};

/** Why a connection failed, without anything that the engine has written. */
function reasonOf(error: NodeJS.ErrnoException): string {
  // Both families failed: the first reason stands for all.
  const [first] = error instanceof AggregateError ? (error.errors as NodeJS.ErrnoException[]) : [];
  const { code = '', errno = 0 } = first ?? error;
  const known = TLS_REASONS[code] ?? getSystemErrorMap().get(errno)?.[1];
  if (known !== undefined) return known;
  return /^[A-Z0-9_]{1,60}$/.test(code) ? `it failed (${code})` : 'it failed';
}
