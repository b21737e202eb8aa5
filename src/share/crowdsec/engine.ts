import { type CredentialFiles, Credentials } from '../credentials.ts';
import {
  EngineError,
  type Pulled,
  type PullLimits,
  type Pushed,
  type ShareEngine,
  type TestLine,
} from '../engine.ts';
import type { Report, Said } from '../report.ts';
import { tested } from '../tested.ts';
import { alertOf, type Sender, scopeOf, sumOf } from './alert.ts';
import { DecisionsOfAnswer, isId, ORIGIN } from './decisions.ts';
import type { HttpAnswer } from './http.ts';
import { ObjectStream } from './object-stream.ts';
import { type Asked, parse, refusalOf, Session } from './session.ts';

/** More reports than this are one alert. Each of fewer is an alert of its own, which says more. */
const MAX_SINGLE_ALERTS = 10;

/** Decisions of one alert: it takes the engine less than a second to store them. */
const BATCH_SIZE = 500;

/** Each takes a request of its own. */
const FIND_BATCH_SIZE = 4;

/** The time for an answer with decisions, and how long such an answer may be: some 300,000 decisions. */
const PULL_TIMEOUT_MS = 60_000;
const MAX_PULL_BYTES = 67_108_864;

/** How often everything is asked for, in case an answer with news was lost on its way. */
const WHOLE_INTERVAL_MS = 3_600_000;

/** Alerts that are looked through for a report. */
const MAX_ALERTS = 20;

/** What the engine is made of. */
export interface CrowdsecParts {
  /** CROWDSEC_URL. */
  readonly url: string;
  readonly machine: string | null;
  readonly files: CredentialFiles;
  readonly pushes: boolean;
  readonly pulls: boolean;
  /** How this host is called when it has no CROWDSEC_MACHINE. */
  readonly host: string;
  readonly version: string;
  /** The wall clock, ms since the epoch. */
  readonly wallNow: () => number;
}

/** The local API of CrowdSec. */
export class CrowdsecEngine implements ShareEngine {
  readonly name: string;
  readonly identity: string;
  readonly list = 'crowdsec';
  readonly pushes: boolean;
  readonly pulls: boolean;
  readonly pullsLive = false;
  readonly keepsPlace = false;
  readonly wholeIntervalMs = WHOLE_INTERVAL_MS;
  readonly batchSize = BATCH_SIZE;
  readonly findBatchSize = FIND_BATCH_SIZE;
  readonly #parts: CrowdsecParts;
  readonly #session: Session;

  constructor(parts: CrowdsecParts) {
    const { url, machine, files, version, wallNow } = parts;
    this.#parts = parts;
    this.name = `CrowdSec at ${url}`;
    this.identity = `crowdsec ${url}`;
    this.pushes = parts.pushes;
    this.pulls = parts.pulls;
    this.#session = new Session({ url, machine, version, wallNow, credentials: new Credentials(files) });
  }

  async push(batch: readonly Report[], signal: AbortSignal): Promise<readonly Pushed[]> {
    const { host, version, machine, wallNow } = this.#parts;
    const sender: Sender = { host: machine ?? host, version, now: wallNow() };
    const isSum = batch.length > MAX_SINGLE_ALERTS;
    const alerts = isSum ? [sumOf(batch, sender)] : batch.map((report) => alertOf(report, sender));
    const text = await this.#done({ method: 'POST', path: '/v1/alerts', body: alerts, signal }, 201);
    const ids = parse(text);
    if (!Array.isArray(ids) || ids.length !== alerts.length || !ids.every(isAlertId))
      throw new EngineError('its answer to alerts has not their ids', 'unknown');
    try {
      return await this.#idsOf(ids as string[], batch, isSum, signal);
    } catch (error) {
      // The alerts are there, whatever became of the question for their decisions.
      throw new EngineError((error as Error).message, 'unknown');
    }
  }

  async findPushed(batch: readonly Report[], signal: AbortSignal): Promise<readonly (Pushed | null)[]> {
    const found: (Pushed | null)[] = [];
    for (const report of batch) found.push(await this.#find(report, signal));
    return found;
  }

  /**
   * By what the decisions say, not by their ids: where the engine failed between a decision and its alert, nobody can find
   * the decision by the alert.
   */
  async takeBack(target: string, _at: number, signal: AbortSignal): Promise<number> {
    const query = `scopes=${scopeOf(target)}&value=${encodeURIComponent(target)}&origin=${ORIGIN}`;
    const answer = parse(
      await this.#done({ method: 'DELETE', path: `/v1/decisions?${query}`, signal }),
    ) as Deleted | null;
    const count = Number(answer?.nbDeleted ?? 0);
    return Number.isSafeInteger(count) && count > 0 ? count : 0;
  }

  async pull(whole: boolean, limits: PullLimits, signal: AbortSignal): Promise<Pulled> {
    const path = `/v1/decisions/stream?startup=${whole}&dedup=false`;
    const answer = await this.#session.asBouncer({ method: 'GET', path, timeoutMs: PULL_TIMEOUT_MS, signal });
    if (answer.status !== 200) throw await refused(answer);
    const now = this.#parts.wallNow();
    const taken = new DecisionsOfAnswer(limits, { host: now, engine: answer.date ?? now });
    await readDecisions(answer, taken);
    const { decisions, ended, leftOut } = taken;
    return { isWhole: whole, decisions, ended, leftOut };
  }

  async beat(signal: AbortSignal): Promise<void> {
    await this.#done({ method: 'GET', path: '/v1/heartbeat', signal });
  }

  async test(signal: AbortSignal): Promise<readonly TestLine[]> {
    const lines: TestLine[] = [];
    if (this.pushes)
      lines.push(
        await tested(async () => {
          await this.beat(signal);
          return `It takes what this host, ${this.#session.machine ?? this.#parts.host}, tells of sources.`;
        }, 'It is not told of sources'),
      );
    if (this.pulls)
      lines.push(
        await tested(async () => {
          // Not the stream: the first client that asks it gets the news, and the daemon would not.
          const path = '/v1/decisions?ip=192.0.2.255';
          const answer = await this.#session.asBouncer({ method: 'GET', path, signal });
          if (answer.status !== 200) throw await refused(answer);
          await answer.text();
          return 'It gives the decisions of other hosts.';
        }, 'It gives no decisions of other hosts'),
      );
    return lines;
  }

  close(): void {}

  /** A request as a machine that must get this status; resolves to the text of the answer. */
  async #done(asked: Asked, expected = 200): Promise<string> {
    const answer = await this.#session.asMachine(asked);
    if (answer.status !== expected) throw await refused(answer);
    return answer.text();
  }

  /** The decisions that the engine has made of reports: those of the one alert on all, or of an alert on each. */
  async #idsOf(
    ids: readonly string[],
    batch: readonly Report[],
    isSum: boolean,
    signal: AbortSignal,
  ): Promise<readonly Pushed[]> {
    const made: Said[][] = [];
    for (const [index, id] of ids.entries()) {
      const reports = isSum ? batch : batch.slice(index, index + 1);
      const alert = parse(await this.#done({ method: 'GET', path: `/v1/alerts/${id}`, signal }));
      made.push(...reports.map((report) => saidIn(alert, report)));
    }
    return made;
  }

  /** The alerts of portsentry with a decision on this target or on a network that contains it, the newest first. */
  #alertsOn(target: string, signal: AbortSignal): Promise<readonly Alert[]> {
    const key = scopeOf(target) === 'Ip' ? 'ip' : 'range';
    return this.#alerts(`${key}=${encodeURIComponent(target)}&origin=${ORIGIN}`, signal);
  }

  async #alerts(query: string, signal: AbortSignal): Promise<readonly Alert[]> {
    const path = `/v1/alerts?${query}&limit=${MAX_ALERTS}`;
    const alerts = parse(await this.#done({ method: 'GET', path, signal })) ?? [];
    if (!Array.isArray(alerts)) throw new EngineError('its answer is no list of alerts', 'unknown');
    return alerts.filter(isRecord);
  }

  /** The alert that holds the report: of this host, from before the block began until after it. */
  async #find(report: Report, signal: AbortSignal): Promise<Pushed | null> {
    const { target, since, until } = report;
    const isOwn = ({ machine_id, start_at, stop_at }: Alert) =>
      machine_id === this.#session.machine && timeOf(start_at) <= since && since <= timeOf(stop_at);
    const own = (await this.#alertsOn(target, signal)).find(
      (alert) => isOwn(alert) && decisionsIn(alert).some(({ value }) => value === target),
    );
    if (own !== undefined) return saidIn(own, report);
    // An alert that should have a decision and has none is what the engine leaves when it fails on its way.
    if (until > this.#parts.wallNow()) return null;
    const query = `scope=${scopeOf(target)}&value=${encodeURIComponent(target)}`;
    return (await this.#alerts(query, signal)).some(isOwn) ? [] : null;
  }
}

/** The answer to a deletion; the field has not been checked. */
interface Deleted {
  readonly nbDeleted?: unknown;
}

/** An alert as CrowdSec gives it; the fields have not been checked. */
type Alert = Readonly<Record<string, unknown>>;

/** A decision of an alert. */
interface AlertDecision {
  readonly id: string;
  readonly value: unknown;
}

function decisionsIn(alert: Alert | null): AlertDecision[] {
  const { decisions } = alert ?? {};
  if (!Array.isArray(decisions)) return [];
  return decisions.flatMap((each: unknown) =>
    isRecord(each) && isId(each.id) ? { id: String(each.id), value: each.value } : [],
  );
}

function saidIn(alert: Alert | null, { target, since, until }: Report): Said[] {
  return decisionsIn(alert).flatMap(({ id, value }) =>
    value === target ? { id, target, since, until } : [],
  );
}

function isRecord(value: unknown): value is Alert {
  return typeof value === 'object' && value !== null;
}

function isAlertId(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,19}$/.test(value);
}

/** A time such as `2026-11-30 10:42:53.197 +0000 UTC`; NaN for anything else. */
function timeOf(value: unknown): number {
  if (typeof value !== 'string') return Number.NaN;
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d{1,9})?)(?: \+0000 UTC|Z)/.exec(value);
  return match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2]}Z`);
}

/** Reads an answer until its end, or until no more of it is of use. */
async function readDecisions(answer: HttpAnswer, taken: DecisionsOfAnswer): Promise<void> {
  const stream = new ObjectStream((array, text) => taken.take(array, text));
  let roomBytes = MAX_PULL_BYTES;
  for await (const piece of answer.body) {
    roomBytes -= piece.length;
    // Ended decisions come first, so those of interest are known.
    if (roomBytes < 0 && taken.isFull) return;
    if (roomBytes < 0)
      throw new EngineError(`its answer is longer than ${MAX_PULL_BYTES >> 20} MiB`, 'undone');
    try {
      stream.take(piece);
    } catch (error) {
      throw new EngineError((error as Error).message, 'undone');
    }
  }
  if (!stream.hasEnded) throw new EngineError('its answer ends too early', 'undone');
}

/** What a status other than the expected one means for a request. */
async function refused(answer: HttpAnswer): Promise<EngineError> {
  const { status } = answer;
  const text = await answer.text().catch(() => '');
  const said = refusalOf(status, text);
  if (status === 401 || status === 403) return new EngineError(`it refuses this host: ${said}`, 'undone');
  if (isJudgement(status, text)) return new EngineError(said, 'refused');
  return new EngineError(said, status < 500 || status === 502 || status === 503 ? 'undone' : 'unknown');
}

/**
 * Whether the engine has judged what it was asked. Anything else, such as the 404 of a proxy whose engine is away, says
 * nothing of it. CrowdSec answers with 500 to what it does not like, too.
 */
function isJudgement(status: number, text: string): boolean {
  if (status === 413) return true;
  if (status === 400 || status === 422) return typeof parse(text)?.message === 'string';
  return status === 500 && /validation failure|invalid addr|unable to parse/.test(text);
}
