import { type Credentials, secretIn } from '../credentials.ts';
import { EngineError } from '../engine.ts';
import { shown } from '../shown.ts';
import { type HttpAnswer, type HttpRequest, request } from './http.ts';

/** A token is renewed this long before its end. */
const RENEW_BEFORE_MS = 60_000;

/** A token whose end is not said is renewed after this time; one that lasts for longer is, too. */
const DEFAULT_TOKEN_MS = 600_000;
const MAX_TOKEN_MS = 3_600_000;

const MAX_TOKEN_LENGTH = 8_192;

/** What a session is made of. */
export interface SessionParts {
  readonly url: string;
  /** CROWDSEC_MACHINE; null with a certificate. */
  readonly machine: string | null;
  readonly credentials: Credentials;
  readonly version: string;
  /** The wall clock, ms since the epoch. */
  readonly wallNow: () => number;
}

/** What a request asks for. */
export interface Asked {
  readonly method: HttpRequest['method'];
  /** Below the address of the engine, with its query. */
  readonly path: string;
  readonly body?: object;
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/** Requests to the local API in the two roles that it knows: as a machine, which logs in, and as a bouncer. */
export class Session {
  readonly #parts: SessionParts;
  #token: { readonly text: string; readonly renewAt: number; readonly machine: string | null } | null = null;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** The name by which the engine knows this host; null before a login. */
  get machine(): string | null {
    return this.#token?.machine ?? this.#parts.machine;
  }

  /** A request as a machine. Logs in when there is no token or the engine does not take it. */
  async asMachine(asked: Asked): Promise<HttpAnswer> {
    const hadToken = this.#token !== null && this.#token.renewAt > this.#parts.wallNow();
    const answer = await this.#send(asked, { Authorization: `Bearer ${await this.#login(asked.signal)}` });
    if (answer.status !== 401 || !hadToken) return answer;
    // An engine that was set up anew does not know the token of the old one.
    answer.drop();
    this.#token = null;
    return this.#send(asked, { Authorization: `Bearer ${await this.#login(asked.signal)}` });
  }

  /** A request as a bouncer. */
  asBouncer(asked: Asked): Promise<HttpAnswer> {
    const { credentials } = this.#parts;
    const { apiKey } = credentials.files;
    return this.#send(asked, apiKey === null ? {} : { 'X-Api-Key': secretIn(apiKey) });
  }

  async #login(signal: AbortSignal): Promise<string> {
    const { machine, credentials, wallNow } = this.#parts;
    const now = wallNow();
    if (this.#token !== null && this.#token.renewAt > now) return this.#token.text;
    this.#token = null;
    const { password } = credentials.files;
    const body = {
      ...(machine === null ? {} : { machine_id: machine }),
      ...(password === null ? {} : { password: secretIn(password) }),
      scenarios: ['portsentry/scan'],
    };
    const answer = await this.#send({ method: 'POST', path: '/v1/watchers/login', body, signal }, {});
    const text = await answer.text();
    if (answer.status !== 200)
      throw new EngineError(
        `it refuses the login of ${machine ?? 'the certificate'}: ${refusalOf(answer.status, text)}`,
        'undone',
      );
    this.#token = tokenOf(text, now);
    return this.#token.text;
  }

  async #send(asked: Asked, headers: Readonly<Record<string, string>>): Promise<HttpAnswer> {
    const { url, credentials, version, wallNow } = this.#parts;
    const target = new URL(`${url}${asked.path}`);
    const secureContext = target.protocol === 'https:' ? await credentials.secureContext(wallNow()) : null;
    // Without the slash the engine answers with a misleading 401.
    const all = { 'User-Agent': `portsentry/${version}`, Accept: 'application/json', ...headers };
    return request({ ...asked, url: target, headers: all, secureContext });
  }
}

/** What the engine says of a request that it does not carry out. */
export function refusalOf(status: number, text: string): string {
  const record = parse(text);
  const message = typeof record?.message === 'string' ? `: ${shown(record.message)}` : '';
  return `status ${status}${message}`;
}

/** The value of a JSON text as a record of unknown fields; null when it is none. */
export function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function tokenOf(text: string, now: number): { text: string; renewAt: number; machine: string | null } {
  const { token, expire } = parse(text) ?? {};
  // What is no printable ASCII could be another header.
  if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH || !/^[\x21-\x7e]+$/.test(token))
    throw new EngineError('its answer to the login has no token', 'undone');
  const end = typeof expire === 'string' ? Date.parse(expire) : Number.NaN;
  const lasts = Number.isNaN(end) ? DEFAULT_TOKEN_MS : Math.min(Math.max(0, end - now), MAX_TOKEN_MS);
  // A clock that is ahead of the engine's must not lead to a login for each request.
  const renewAt = now + Math.max(lasts - RENEW_BEFORE_MS, RENEW_BEFORE_MS);
  return { text: token, renewAt, machine: machineIn(token) };
}

/** The machine that a token names (RFC 7519, section 3: the second part holds the claims). */
function machineIn(token: string): string | null {
  const claims = parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  return typeof claims?.id === 'string' ? claims.id : null;
}
