import { Redis } from 'ioredis';
import { Credentials, secretIn } from '../credentials.ts';
import { EngineError } from '../engine.ts';
import { shown } from '../shown.ts';
import { entriesOf, SIGNATURE_FIELD, TEXT_FIELD } from './entries.ts';
import type { Signed } from './message.ts';
import type { Entry, RedisRequest, RedisSetup, Terms } from './requests.ts';

/** The server drops the oldest entries beyond about this number: 30 MB of its memory. */
const MAX_ENTRIES = 100_000;

const CONNECT_TIMEOUT_MS = 10_000;

/** Octets of an answer: far more than a thousand entries have. */
const MAX_ANSWER_BYTES = 8_388_608;

/** Octets of a server's reason that a message shows. */
const MAX_REASON_LENGTH = 120;

/** What a connection is for. A question that waits for news would hold up those behind it. */
type Role = 'ask' | 'wait';

interface Connection {
  readonly redis: Redis;
  /** Why it broke; null when that is not known. */
  trouble: Error | null;
  /** The next request makes another one. */
  readonly forget: () => void;
}

/** Talks with the server: one connection for what is answered at once, and one that waits for news. */
export class RedisClient {
  readonly #setup: RedisSetup;
  readonly #credentials: Credentials;
  /** Connections that are there or under way, so that two requests at once make one. */
  readonly #connections = new Map<Role, Promise<Connection>>();

  constructor(setup: RedisSetup) {
    this.#setup = setup;
    this.#credentials = new Credentials(setup.files);
  }

  /** Carries a request out. Rejects with an EngineError. */
  async carryOut(request: RedisRequest, { timeoutMs, now }: Terms): Promise<readonly Entry[]> {
    const role = request.kind === 'read' && request.waitMs > 0 ? 'wait' : 'ask';
    const connection = await this.#connectionFor(role, now);
    const timer = setTimeout(
      () => connection.redis.stream.destroy(new Error(`it has not answered within ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      return await this.#send(connection.redis, request);
    } catch (error) {
      throw troubleOf(connection, error as Error);
    } finally {
      clearTimeout(timer);
    }
  }

  #send(redis: Redis, request: RedisRequest): Promise<readonly Entry[]> {
    switch (request.kind) {
      case 'add':
        return this.#add(redis, request.messages);
      case 'read':
        return this.#read(redis, request);
      case 'try-to-add':
        return this.#tryToAdd(redis);
      default:
        return request satisfies never;
    }
  }

  async #add(redis: Redis, messages: readonly Signed[]): Promise<readonly Entry[]> {
    const pipeline = redis.pipeline();
    for (const { text, signature } of messages)
      pipeline.xadd(
        this.#setup.stream,
        'MAXLEN',
        '~',
        MAX_ENTRIES,
        '*',
        TEXT_FIELD,
        text,
        SIGNATURE_FIELD,
        signature,
      );
    const failures = ((await pipeline.exec()) ?? []).flatMap(([error]) => error ?? []);
    const [first] = failures;
    if (first === undefined) return [];
    // Some are in the stream.
    if (failures.length < messages.length) throw new EngineError(reasonOf(first), 'unknown');
    throw first;
  }

  async #read(
    redis: Redis,
    { after, most, waitMs }: Extract<RedisRequest, { kind: 'read' }>,
  ): Promise<readonly Entry[]> {
    const { stream } = this.#setup;
    const reply =
      waitMs > 0
        ? await redis.xread('COUNT', most, 'BLOCK', waitMs, 'STREAMS', stream, after)
        : await redis.xread('COUNT', most, 'STREAMS', stream, after);
    try {
      return entriesOf(reply, most);
    } catch (error) {
      throw new EngineError((error as Error).message, 'undone');
    }
  }

  /** The server looks at the right to add before it looks at the id, and nothing can have the id 0-0. */
  async #tryToAdd(redis: Redis): Promise<readonly Entry[]> {
    try {
      await redis.xadd(this.#setup.stream, '0-0', TEXT_FIELD, '');
    } catch (error) {
      if (/^ERR .*\bID\b/.test((error as Error).message)) return [];
      throw error;
    }
    throw new EngineError('it takes what no Redis takes', 'undone');
  }

  #connectionFor(role: Role, now: number): Promise<Connection> {
    const known = this.#connections.get(role);
    if (known !== undefined) return known;
    const forget = () => {
      if (this.#connections.get(role) === made) this.#connections.delete(role);
    };
    const made = this.#connect(now, forget);
    this.#connections.set(role, made);
    made.catch(forget);
    return made;
  }

  async #connect(now: number, forget: () => void): Promise<Connection> {
    const { host, port, isTls, user, files } = this.#setup;
    const { password } = files;
    const redis = new Redis({
      host,
      port,
      ...(isTls ? { tls: { secureContext: await this.#credentials.secureContext(now) } } : {}),
      ...(user === null ? {} : { username: user }),
      ...(password === null ? {} : { password: secretIn(password) }),
      protocol: 2,
      lazyConnect: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      // The caller tries again. These commands need more rights than those of a stream.
      retryStrategy: null,
      maxRetriesPerRequest: 0,
      enableReadyCheck: false,
      disableClientInfo: true,
    });
    const connection: Connection = { redis, trouble: null, forget };
    redis.on('error', (error: Error) => {
      connection.trouble ??= error;
    });
    redis.on('connect', () => boundAnswers(redis));
    redis.on('close', forget);
    try {
      await redis.connect();
    } catch (error) {
      redis.disconnect();
      throw new EngineError(reasonOf(connection.trouble ?? (error as Error)), 'undone');
    }
    return connection;
  }
}

function troubleOf({ redis, trouble, forget }: Connection, error: Error): EngineError {
  if (error instanceof EngineError) return error;
  // An error that the server answered with: it has not done what it was asked.
  if (error.name === 'ReplyError') return new EngineError(reasonOf(error), 'undone');
  forget();
  redis.disconnect();
  return new EngineError(reasonOf(trouble ?? error), 'unknown');
}

/** Ends the connection when the server says more than any answer to one request has. */
function boundAnswers(redis: Redis): void {
  let bytes = 0;
  redis.stream.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (redis.commandQueue.length === 0) bytes = 0;
    if (bytes > MAX_ANSWER_BYTES)
      redis.stream.destroy(new Error(`its answer is longer than ${MAX_ANSWER_BYTES >> 20} MiB`));
  });
}

/** A server that does not know a command repeats what came with it: a password, when that is the command to log in. */
const ARGUMENTS = /,? with args beginning with.*/s;

/** The reason in one line, without control characters, secrets, and a full stop at its end. */
function reasonOf(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = message.replace(ARGUMENTS, '').replace(/\.+$/, '');
  return shown(reason === '' ? code : reason, MAX_REASON_LENGTH);
}
