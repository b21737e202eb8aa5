import type { Failure } from '../commands/failure.ts';
import { formatPrefix } from '../net/prefix.ts';
import { counted } from '../record/counted.ts';
import type { Refused } from '../respond/lists/admission.ts';
import type { ListMember } from '../respond/lists/named-list.ts';
import type { Decision, EndedDecision, LeftOut, Pulled } from '../share/engine.ts';
import { type Difference, ForeignDecisions, type ForeignTarget, isSame } from '../share/foreign.ts';
import { LeftOutCounts } from '../share/left-out.ts';
import type { SteadyClock } from './clock.ts';
import type { Lists } from './lists.ts';

/** Members that one change of the firewall has at most. */
const PIECE = 5_000;

/** Reasons that are said between two whole answers. */
const MAX_REASONS = 64;

/** What the list is kept with. */
export interface SharedListParts {
  readonly name: string;
  /** The engine, for messages. */
  readonly engine: string;
  readonly lists: Pick<Lists, 'changeShared' | 'get'>;
  readonly clock: Pick<SteadyClock, 'now' | 'toWall' | 'fromWall'>;
  /** SHARE_MAX and SHARE_TIME_MAX (ms; 0 for no bound). */
  readonly most: () => number;
  readonly longestMs: () => number;
  /** Logs one line for the administrator. */
  readonly tell: (text: string) => void;
}

/** The list of what other hosts have decided: keeps the decisions, and the firewall's list as they say. */
export class SharedList {
  readonly decisions = new ForeignDecisions();
  readonly #parts: SharedListParts;
  /** What was said of decisions that a whole answer named and that are left out, and the reasons that were said since. */
  #toldOfLeftOut = '';
  readonly #toldReasons = new Set<string>();
  /** Decisions that the last answers named and that are not in force. */
  leftOut = 0;

  constructor(parts: SharedListParts) {
    this.#parts = parts;
  }

  /** Puts an answer of the engine in force. Rejects with a one-line reason. */
  async apply({ isWhole, decisions, ended, leftOut }: Pulled): Promise<void> {
    const { most, clock, longestMs } = this.#parts;
    const now = clock.toWall(clock.now());
    this.decisions.forgetEnded(now);
    const longest = longestMs();
    const last = longest === 0 ? Number.POSITIVE_INFINITY : now + longest;
    const room = isWhole ? most() : Math.max(0, most() - this.decisions.size + ended.length);
    const left = [...leftOut];
    if (decisions.length > room) left.push(overflow(decisions.slice(room), most()));
    const taken = decisions.slice(0, room).map((each) => ({ ...each, until: Math.min(each.until, last) }));
    const refused = await this.#putInForce(this.#take(isWhole, taken, ended));
    const byReason = new LeftOutCounts();
    for (const { target, why } of refused) byReason.add(why, target);
    left.push(...byReason.all);
    this.#tellOf(left, isWhole);
  }

  /**
   * What the list must change. A whole answer is compared with the list itself: a change may have failed, and what was left
   * out for the sake of this host may be none of its business now.
   */
  #take(isWhole: boolean, decisions: readonly Decision[], ended: readonly EndedDecision[]): Difference {
    if (!isWhole)
      return this.decisions.change(
        decisions,
        ended.map(({ id }) => id),
      );
    this.decisions.replace(decisions);
    const { lists, name, clock } = this.#parts;
    const members = [...(lists.get(name)?.members() ?? [])];
    const listed = new Map(members.map((member) => [formatPrefix(member.prefix), member]));
    const added: ForeignTarget[] = [];
    for (const target of this.decisions.targets()) {
      const wanted = this.decisions.targetOf(target);
      if (wanted === null) continue;
      const { until = null, note = null } = listed.get(target) ?? {};
      listed.delete(target);
      const isThere = until !== null && note !== null && isSame({ note, until: clock.toWall(until) }, wanted);
      if (!isThere) added.push(wanted);
    }
    return { added, removed: [...listed.keys()] };
  }

  /** The targets that a portsentry has decided on. */
  *targetsOfPortsentry(): Generator<string> {
    for (const target of this.decisions.targets()) if (this.isSaidByPortsentry(target)) yield target;
  }

  /** Whether a portsentry has asked for a block of this target. */
  isSaidByPortsentry(target: string): boolean {
    return this.decisions.of(target).some(({ isPortsentry }) => isPortsentry);
  }

  /** What others than a portsentry say of this target; null for nothing. */
  othersOf(target: string): string | null {
    return this.decisions.of(target).find(({ isPortsentry }) => !isPortsentry)?.note ?? null;
  }

  /** What a portsentry has said of this target is taken back. Resolves to a one-line reason when it stays in force. */
  async drop(target: string): Promise<Failure> {
    const ids = this.decisions.of(target).flatMap(({ id, isPortsentry }) => (isPortsentry ? id : []));
    if (ids.length === 0) return null;
    try {
      await this.#putInForce(this.decisions.change([], ids));
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  }

  async #putInForce({ added, removed }: Difference): Promise<readonly Refused[]> {
    const { lists, name } = this.#parts;
    if (lists.get(name) === undefined) await this.#change([], []);
    const refused: Refused[] = [];
    for (let at = 0; at < Math.max(added.length, removed.length); at += PIECE)
      refused.push(...(await this.#change(added.slice(at, at + PIECE), removed.slice(at, at + PIECE))));
    return refused;
  }

  async #change(added: readonly ForeignTarget[], removed: readonly string[]): Promise<readonly Refused[]> {
    const { lists, name, engine } = this.#parts;
    const members = added.map((each) => this.#memberOf(each));
    const { failure, refused } = await lists.changeShared(name, members, removed, engine);
    if (failure !== null) throw new Error(`the list ${name} is not in force: ${failure}`);
    return refused;
  }

  #memberOf({ prefix, until, note }: ForeignTarget): ListMember {
    return { prefix, until: this.#parts.clock.fromWall(until), note };
  }

  /**
   * Says what is left out: of a whole answer when that is something else than last time, of news when there is a reason that
   * was not said since. Somebody who makes the engine say nonsense each second must not fill the log.
   */
  #tellOf(left: readonly LeftOut[], isWhole: boolean): void {
    const count = left.reduce((sum, each) => sum + each.count, 0);
    this.leftOut = isWhole ? count : this.leftOut + count;
    const text = left
      .map(({ count, first, why }) => `${counted(count, 'decision')} (${first}): ${why}`)
      .join('; ');
    const isNew = isWhole
      ? text !== this.#toldOfLeftOut
      : left.some(({ why }) => !this.#toldReasons.has(why)) && this.#toldReasons.size < MAX_REASONS;
    if (text !== '' && isNew) this.#parts.tell(`Of what ${this.#parts.engine} says is left out: ${text}.`);
    if (isWhole) this.#toldReasons.clear();
    for (const { why } of left) if (this.#toldReasons.size < MAX_REASONS) this.#toldReasons.add(why);
    if (isWhole) this.#toldOfLeftOut = text;
  }
}

function overflow(decisions: readonly { readonly target: string }[], most: number): LeftOut {
  const [first] = decisions;
  return { count: decisions.length, first: first?.target ?? '', why: `SHARE_MAX is ${most}` };
}
