import type { IncomingMessage, RequestOptions } from 'node:http';
import type { SecureContext } from 'node:tls';
import { ENDING } from '../commands/ending.ts';
import { oneLine } from '../commands/shell.ts';
import type { Post } from './formats.ts';
import { failed, type Outcome } from './outcome.ts';
import { authorizationOf, withoutSecrets } from './secrets.ts';
import { trustOfHost } from './trust.ts';

/** The time for a whole delivery: name, connection, TLS, request and answer. */
export const POST_TIMEOUT_MS = 10_000;

/** What is read of an answer. More of it is not waited for. */
const MAX_ANSWER_BYTES = 2_048;

/** The headers of an answer, so that a receiver cannot make us keep much. */
const MAX_HEADER_BYTES = 16_384;

/** The longest Retry-After that counts. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** Where a message is posted to. */
export interface Receiver {
  readonly url: URL;
  /** The value of the header Authorization; null for that of the user and password in the address, if it has them. */
  readonly authorization: string | null;
  /** Which answers with status 2xx mean that nobody got the message. */
  readonly refuses?: ReadonlySet<number>;
}

/** The limits of one delivery. */
export interface PostLimits {
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  /** ms since the epoch, which a Retry-After with a date is compared with. */
  readonly now: number;
  readonly version: string;
}

/**
 * Posts to a receiver and reads the beginning of its answer. A certificate is always verified, redirects are not followed,
 * and each delivery has a connection of its own, which ends with it. Never rejects.
 */
export async function post(
  receiver: Receiver,
  { headers, body }: Post,
  limits: PostLimits,
): Promise<Outcome> {
  const { url } = receiver;
  const authorization = authorizationOf(receiver);
  const { signal, timeoutMs = POST_TIMEOUT_MS, version } = limits;
  const late = AbortSignal.timeout(timeoutMs);
  const bytes = Buffer.from(body);
  const options: RequestOptions = {
    method: 'POST',
    agent: false,
    signal: AbortSignal.any([signal, late]),
    maxHeaderSize: MAX_HEADER_BYTES,
    headers: {
      'User-Agent': `portsentry/${version}`,
      Accept: '*/*',
      'Content-Length': bytes.length,
      ...headers,
      ...(authorization === null ? {} : { Authorization: authorization }),
    },
  };
  try {
    return outcomeOf(await exchange(withoutCredentials(url), options, bytes), receiver, limits.now);
  } catch (error) {
    if (signal.aborted) return failed(ENDING);
    if (late.aborted) return failed(`no answer within ${timeoutMs / 1_000} s`);
    return failed(withoutSecrets(oneLine((error as Error).message), receiver));
  }
}

/** They are in the header. */
function withoutCredentials({ href }: URL): URL {
  const url = new URL(href);
  url.username = '';
  url.password = '';
  return url;
}

/** Loads what a delivery to this address needs, so that the first one takes no time from probes. */
export async function preparePost(url: URL): Promise<void> {
  if (url.protocol === 'http:') await import('node:http');
  else await Promise.all([import('node:https'), trust()]);
}

async function trust(): Promise<{ readonly secureContext?: SecureContext }> {
  const secureContext = await trustOfHost();
  return secureContext === undefined ? {} : { secureContext };
}

/** What a receiver answered. */
interface Answer {
  readonly status: number;
  readonly text: string;
  readonly location: string | undefined;
  readonly retryAfter: string | undefined;
}

async function exchange(url: URL, options: RequestOptions, body: Buffer): Promise<Answer> {
  const isSecure = url.protocol === 'https:';
  // Loaded only here, because most daemons send nothing.
  const { request } = isSecure ? await import('node:https') : await import('node:http');
  const secure = isSecure ? { rejectUnauthorized: true, ...(await trust()) } : {};
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...options, ...secure });
    let hasStatus = false;
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (!hasStatus) reject(new Error(reasonOf(error)));
    });
    sent.on('response', (response) => {
      hasStatus = true;
      void read(response).then(resolve);
    });
    sent.end(body);
  });
}

/** Reads the beginning of the body. An answer that is cut off after its status is an answer all the same. */
async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let roomBytes = MAX_ANSWER_BYTES;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk.subarray(0, roomBytes));
      roomBytes -= chunk.length;
      if (roomBytes <= 0) break;
    }
  } catch {
    // The status says enough.
  } finally {
    response.destroy();
  }
  return {
    status: response.statusCode ?? 0,
    text: Buffer.concat(chunks).toString('utf8'),
    location: response.headers.location,
    retryAfter: response.headers['retry-after'],
  };
}

function outcomeOf({ status, text, location, retryAfter }: Answer, receiver: Receiver, now: number): Outcome {
  const [first = ''] = text.trim().split('\n', 1);
  const words = withoutSecrets(oneLine(first), receiver);
  const answer = `status ${status}${words === '' ? '' : `: ${words}`}`;
  if (status >= 300 && status < 400) {
    const where = originOf(location, receiver.url.href);
    return failed(
      `status ${status}: it leads ${where}, which is not followed; give NOTIFY_URL the last address`,
    );
  }
  if (status < 200 || status >= 300) return failed(answer, retryAfterMs(retryAfter, now));
  if (receiver.refuses?.has(status)) return failed(`status ${status}: it has nobody to tell`);
  return { isDelivered: true, answer, retryAfterMs: null };
}

function originOf(location: string | undefined, base: string): string {
  if (location === undefined || !URL.canParse(location, base)) return 'elsewhere';
  return `to ${oneLine(new URL(location, base).origin)}`;
}

/** Seconds, or a date (RFC 9110, section 10.2.3); null for anything else. */
export function retryAfterMs(text: string | undefined, now: number): number | null {
  if (text === undefined) return null;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS);
}

/** Both families failed: the first reason stands for all. */
function reasonOf(error: NodeJS.ErrnoException): string {
  const [first] = error instanceof AggregateError ? (error.errors as NodeJS.ErrnoException[]) : [];
  const { message, code } = first ?? error;
  return message === '' ? (code ?? 'it failed') : message;
}

/** An address as it may be shown: whatever comes after its host may be a secret. */
export function shownAddress({ origin, pathname, search }: URL): string {
  return pathname === '/' && search === '' ? origin : `${origin}/...`;
}
