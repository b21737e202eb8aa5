import { cleanNote } from '../../ledger/fields.ts';
import { formatPrefix, parsePrefix } from '../../net/prefix.ts';
import type { Decision, EndedDecision, LeftOut, PullLimits } from '../engine.ts';
import { LeftOutCounts } from '../left-out.ts';
import { shown } from '../shown.ts';
import { parseGoDuration } from './go-duration.ts';

/** The origin of the decisions that this program pushes. */
export const ORIGIN = 'portsentry';

/** Ended decisions that are kept of one answer. */
const MAX_ENDED = 200_000;

/** A decision as CrowdSec gives it; the fields have not been checked. */
type Raw = Readonly<Record<string, unknown>>;

/** When an answer came, by two clocks that may differ; ms since the epoch. Durations count from them. */
export interface AnswerTimes {
  readonly host: number;
  readonly engine: number;
}

/** Collects the decisions of one answer, and counts those that this program does not carry out. */
export class DecisionsOfAnswer {
  readonly decisions: Decision[] = [];
  readonly ended: EndedDecision[] = [];
  readonly #limits: PullLimits;
  readonly #times: AnswerTimes;
  readonly #leftOut = new LeftOutCounts();

  constructor(limits: PullLimits, times: AnswerTimes) {
    this.#limits = limits;
    this.#times = times;
  }

  get leftOut(): LeftOut[] {
    return this.#leftOut.all;
  }

  /** Whether no more decisions are taken. */
  get isFull(): boolean {
    return this.decisions.length >= this.#limits.most;
  }

  /** Takes the text of an object of the array of this name. */
  take(array: string, text: string): void {
    if (array === 'new') {
      if (this.isFull) this.#leftOut.add(`SHARE_MAX is ${this.#limits.most}`, '...');
      else this.#takeNew(parse(text));
    } else if (array === 'deleted') this.#takeEnded(parse(text));
  }

  #takeNew(raw: Raw | null): void {
    const { id, value, duration, origin, scenario } = raw ?? {};
    const prefix = typeof value === 'string' ? parsePrefix(value) : null;
    const ms = parseGoDuration(duration);
    const why = raw === null ? NO_DECISION : whyLeftOut(raw);
    if (why !== null || prefix === null || !isId(id) || ms === null)
      this.#leftOut.add(why ?? NO_DECISION, shown(value));
    else if (ms > 0) {
      this.decisions.push({
        id: String(id),
        target: formatPrefix(prefix),
        prefix,
        until: this.#times.host + ms,
        note: noteOf(origin, scenario),
        isPortsentry: origin === ORIGIN,
      });
    }
  }

  #takeEnded(raw: Raw | null): void {
    if (raw === null || !isId(raw.id) || typeof raw.value !== 'string') return;
    const id = String(raw.id);
    if (!this.#limits.concerns(id) || this.ended.length >= MAX_ENDED) return;
    const prefix = parsePrefix(raw.value);
    if (prefix === null) return;
    const ms = Math.min(0, parseGoDuration(raw.duration) ?? 0);
    this.ended.push({ id, target: formatPrefix(prefix), at: this.#times.engine + ms });
  }
}

/** The id of a decision in JSON. */
export function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function noteOf(origin: unknown, scenario: unknown): string {
  if (origin === ORIGIN && typeof scenario === 'string') return cleanNote(scenario) ?? ORIGIN;
  return cleanNote(`${shown(origin)}: ${typeof scenario === 'string' ? scenario : '?'}`) ?? '?';
}

const NO_DECISION = 'it is no decision';

/** Why this program does not carry a decision out, in one line; null when it may. */
function whyLeftOut({ scope, type, simulated }: Raw): string | null {
  if (simulated === true) return 'it is simulated';
  if (type !== 'ban') return `type ${shown(type)} is no ban`;
  return isNetworkScope(scope) ? null : `scope ${shown(scope)} is no address`;
}

function isNetworkScope(scope: unknown): boolean {
  return typeof scope === 'string' && /^(?:ip|range)$/i.test(scope);
}

function parse(text: string): Raw | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : null;
  } catch {
    return null;
  }
}
