import { counted } from '../../record/counted.ts';
import { type CredentialFiles, secretIn } from '../credentials.ts';
import {
  type Decision,
  EngineError,
  type Pulled,
  type PullLimits,
  type Pushed,
  type ShareEngine,
  type TestLine,
} from '../engine.ts';
import { LeftOutCounts } from '../left-out.ts';
import type { Report } from '../report.ts';
import { tested } from '../tested.ts';
import { BEGINNING, idBefore } from './entries.ts';
import { RedisLink } from './link.ts';
import { blockMessage, decisionId, messageIn, Signer, unblockMessage } from './message.ts';
import type { Entry, RedisRequest, RedisSetup } from './requests.ts';
import { type Change, StreamState } from './stream-state.ts';

/** Messages of one push. */
const BATCH_SIZE = 500;

/** Entries of one answer, and answers of one look at the whole stream, which has some 100,000 entries. */
const ENTRIES_PER_READ = 1_000;
const MAX_READS = 200;

/** How long the server may take, and how long it waits for news. */
const TIMEOUT_MS = 15_000;
const WAIT_MS = 10_000;

/** How often the whole stream is read again. Its messages are not lost on their way, so this only mends what nobody knows. */
const WHOLE_INTERVAL_MS = 86_400_000;

/** A shorter key could be found by somebody who reads the stream and tries them all. */
const MIN_KEY_LENGTH = 32;

/** Own decisions that were sent lately. */
const MAX_OWN = 65_536;

/** What the engine is made of. */
export interface RedisParts {
  /** REDIS_URL. */
  readonly url: string;
  readonly user: string | null;
  readonly stream: string;
  readonly files: CredentialFiles;
  /** SHARE_KEY_FILE. */
  readonly keyFile: string;
  readonly pushes: boolean;
  readonly pulls: boolean;
  /** How this host is called. */
  readonly host: string;
  /** The wall clock, ms since the epoch. */
  readonly wallNow: () => number;
}

/** The way to the server. */
export type RedisWay = Pick<RedisLink, 'ask' | 'close'>;

/** A stream of Redis: each host adds what it has blocked, signed with a key that all share, and reads what others add. */
export class RedisEngine implements ShareEngine {
  readonly name: string;
  readonly identity: string;
  readonly list = 'redis';
  readonly pushes: boolean;
  readonly pulls: boolean;
  readonly pullsLive = true;
  readonly keepsPlace = true;
  readonly wholeIntervalMs = WHOLE_INTERVAL_MS;
  readonly batchSize = BATCH_SIZE;
  readonly findBatchSize = BATCH_SIZE;
  readonly #parts: RedisParts;
  readonly #link: RedisWay;
  readonly #state = new StreamState();
  /** Ids of decisions that this host has made. */
  readonly #own = new Set<string>();
  /** The last entry that was read. */
  #last = BEGINNING;

  /** `link` leads to the server; by default a thread of its own does. */
  constructor(parts: RedisParts, link: RedisWay = new RedisLink(setupOf(parts))) {
    const { url, stream } = parts;
    this.#parts = parts;
    this.#link = link;
    this.name = `Redis at ${url}`;
    this.identity = `redis ${url} ${stream}`;
    this.pushes = parts.pushes;
    this.pulls = parts.pulls;
  }

  async push(batch: readonly Report[], signal: AbortSignal): Promise<readonly Pushed[]> {
    const { host, wallNow } = this.#parts;
    const signer = this.#signer();
    const now = wallNow();
    const lasting = batch.filter(({ until }) => until > now);
    for (const report of lasting) this.#remember(this.#idOf(report));
    const messages = lasting.map((report) => signer.sign(blockMessage(report, host)));
    if (messages.length > 0) await this.#ask({ kind: 'add', messages }, signal);
    return batch.map((report) => (report.until > now ? [this.#saidOf(report)] : []));
  }

  async findPushed(batch: readonly Report[], signal: AbortSignal): Promise<readonly (Pushed | null)[]> {
    const signer = this.#signer();
    const wanted = new Set(batch.map((report) => this.#idOf(report)));
    for (const id of wanted) this.#remember(id);
    const found = new Set<string>();
    await this.#readFrom(BEGINNING, signal, (entries) => {
      for (const id of entries.flatMap((entry) => idIn(entry, signer))) if (wanted.has(id)) found.add(id);
    });
    return batch.map((report) => (found.has(this.#idOf(report)) ? [this.#saidOf(report)] : null));
  }

  async takeBack(target: string, at: number, signal: AbortSignal): Promise<number> {
    const count = this.#state.countOf(target);
    const last = this.#state.unblockTime(target, at);
    const messages = [this.#signer().sign(unblockMessage(target, last, this.#parts.host))];
    await this.#ask({ kind: 'add', messages }, signal);
    return count;
  }

  async pull(whole: boolean, limits: PullLimits, signal: AbortSignal): Promise<Pulled> {
    const signer = this.#signer();
    const { wallNow } = this.#parts;
    this.#state.forget(wallNow());
    const news = new News();
    if (whole) {
      this.#state.clear();
      this.#last = BEGINNING;
      await this.#readFrom(BEGINNING, signal, (entries) => this.#take(entries, signer, limits, news));
    } else {
      const entries = await this.#read(this.#last, ENTRIES_PER_READ, WAIT_MS, signal);
      this.#take(entries, signer, limits, news);
      if (entries.length === 0) await this.#lookForPlace(signal);
    }
    const decisions = news.decisions.filter(({ id }) => !this.#own.has(id));
    return { isWhole: whole, decisions, ended: news.ended, leftOut: news.leftOut };
  }

  /**
   * The server is not told that this host is alive, but whether it would take something is known before it must: a server
   * whose memory is full answers all other requests. To read is needed as well, when an answer is missing.
   */
  async beat(signal: AbortSignal): Promise<void> {
    this.#signer();
    await this.#ask({ kind: 'try-to-add' }, signal);
    await this.#read('$', 1, 0, signal);
  }

  async test(signal: AbortSignal): Promise<readonly TestLine[]> {
    const lines: TestLine[] = [];
    if (this.pushes)
      lines.push(
        await tested(async () => {
          await this.beat(signal);
          return `It takes what this host, ${this.#parts.host}, tells of sources.`;
        }, 'It is not told of sources'),
      );
    if (this.pulls)
      lines.push(await tested(() => this.#testReading(signal), 'It gives no decisions of other hosts'));
    return lines;
  }

  close(): void {
    this.#link.close();
  }

  async #testReading(signal: AbortSignal): Promise<string> {
    const signer = this.#signer();
    let count = 0;
    let genuine = 0;
    await this.#readFrom(BEGINNING, signal, (entries) => {
      count += entries.length;
      genuine += entries.filter((entry) => signer.isGenuine(entry)).length;
    });
    const { stream, keyFile } = this.#parts;
    const held = `The stream ${stream} holds ${counted(count, 'message')}`;
    if (count > 0 && genuine === 0)
      throw new EngineError(
        `none of its ${counted(count, 'message')} is signed with the key in ${keyFile}`,
        'undone',
      );
    return genuine === count
      ? `${held}.`
      : `${held}, ${count - genuine} of them not signed with the key in ${keyFile}.`;
  }

  #ask(request: RedisRequest, signal: AbortSignal): Promise<readonly Entry[]> {
    const waitMs = request.kind === 'read' ? request.waitMs : 0;
    const terms = { timeoutMs: waitMs + TIMEOUT_MS, now: this.#parts.wallNow() };
    return this.#link.ask(request, terms, signal);
  }

  #read(after: string, most: number, waitMs: number, signal: AbortSignal): Promise<readonly Entry[]> {
    return this.#ask({ kind: 'read', after, most, waitMs }, signal);
  }

  /**
   * Where the last entry that was read is gone, somebody has emptied the stream, or it is another one. Its new entries may
   * have lower ids, so it is read from its beginning; what is known stays known.
   */
  async #lookForPlace(signal: AbortSignal): Promise<void> {
    if (this.#last === BEGINNING) return;
    const [entry] = await this.#read(idBefore(this.#last), 1, 0, signal);
    if (entry?.id !== this.#last) this.#last = BEGINNING;
  }

  /** Gives the entries behind an id in pieces, until there are no more. */
  async #readFrom(
    start: string,
    signal: AbortSignal,
    take: (entries: readonly Entry[]) => void,
  ): Promise<void> {
    let after = start;
    for (let reads = 0; reads < MAX_READS; reads++) {
      const entries = await this.#read(after, ENTRIES_PER_READ, 0, signal);
      take(entries);
      if (entries.length < ENTRIES_PER_READ) return;
      after = entries.at(-1)?.id ?? after;
    }
  }

  #take(entries: readonly Entry[], signer: Signer, limits: PullLimits, news: News): void {
    // The server may show a decision of this host before it has answered that it took it.
    const concerns = (id: string) => this.#own.has(id) || limits.concerns(id);
    news.add(this.#state.take(entries, signer, { ...limits, concerns }, this.#parts.wallNow()));
    this.#last = entries.at(-1)?.id ?? this.#last;
  }

  #remember(id: string): void {
    this.#own.delete(id);
    this.#own.add(id);
    if (this.#own.size > MAX_OWN) this.#own.delete(this.#own.keys().next().value as string);
  }

  #idOf({ target, since }: Report): string {
    return decisionId(this.#parts.host, target, since);
  }

  #saidOf(report: Report): Pushed[number] {
    const { target, since, until } = report;
    return { id: this.#idOf(report), target, since, until };
  }

  /** Signs with the key as the file has it now. Throws an EngineError. */
  #signer(): Signer {
    const { keyFile, stream } = this.#parts;
    const key = secretIn(keyFile);
    if (key.length < MIN_KEY_LENGTH)
      throw new EngineError(
        `${keyFile}: expected ${MIN_KEY_LENGTH} characters and more, found ${key.length}: openssl rand -base64 32 > ${keyFile}`,
        'undone',
      );
    return new Signer(key, stream);
  }
}

/** The port that IANA has registered for Redis. */
const REDIS_PORT = 6_379;

/** How the server is reached by these settings. */
export function setupOf({
  url,
  user,
  stream,
  files,
}: Pick<RedisParts, 'url' | 'user' | 'stream' | 'files'>): RedisSetup {
  const { hostname, port, protocol } = new URL(url);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? REDIS_PORT : Number(port),
    isTls: protocol === 'rediss:',
    user,
    stream,
    files,
  };
}

/** What several answers say together. */
class News {
  readonly #decisions = new Map<string, Decision>();
  readonly #ended = new Map<string, Pulled['ended'][number]>();
  readonly #leftOut = new LeftOutCounts();

  get decisions(): Decision[] {
    return [...this.#decisions.values()];
  }

  get leftOut(): Pulled['leftOut'] {
    return this.#leftOut.all;
  }

  get ended(): Pulled['ended'] {
    return [...this.#ended.values()];
  }

  add({ decisions, ended, leftOut }: Change): void {
    for (const each of ended) {
      this.#decisions.delete(each.id);
      this.#ended.set(each.id, each);
    }
    for (const each of decisions) this.#decisions.set(each.id, each);
    for (const { why, first, count } of leftOut) this.#leftOut.add(why, first, count);
  }
}

/** The id of the decision that an entry makes; none for other entries. */
function idIn(entry: Entry, signer: Signer): string[] {
  const message = signer.isGenuine(entry) ? messageIn(entry.text) : null;
  if (message === null || typeof message === 'string' || message.op !== 'block') return [];
  return [decisionId(message.host, message.target, message.since)];
}
