import { join } from 'node:path';
import type { Failure } from '../commands/failure.ts';
import type { Config } from '../config/config.ts';
import type { Answer } from '../control/handlers.ts';
import type { ShareStatus } from '../control/status.ts';
import type { ShareReadings } from '../metrics/families.ts';
import { overlaps, type Prefix, parsePrefix } from '../net/prefix.ts';
import { isByHand } from '../respond/block-state.ts';
import type { Blocks } from '../respond/blocks.ts';
import type { BlockEvent } from '../respond/event.ts';
import type { ShareEngine } from '../share/engine.ts';
import { Exchange } from '../share/exchange.ts';
import { ShareQueue } from '../share/queue.ts';
import type { Said } from '../share/report.ts';
import type { Tracker } from '../track/tracker.ts';
import type { SteadyClock } from './clock.ts';
import type { Lists } from './lists.ts';
import { ShareCandidates } from './share-candidates.ts';
import { SharedList } from './shared-list.ts';

/** A block without an end is shared for this long: it is said again when its source comes again. */
const LONGEST_SHARED_MS = 30 * 86_400_000;

/** What sharing works with. */
export interface ShareParts {
  readonly engine: ShareEngine;
  readonly config: () => Config;
  readonly blocks: Pick<Blocks, 'find' | 'release'>;
  readonly tracker: () => Pick<Tracker, 'get'>;
  readonly lists: Lists;
  readonly clock: SteadyClock;
  /** Logs one line for the administrator. */
  readonly tell: (text: string) => void;
}

/** What this host shares with others by one engine. Nothing in the way of a block waits for any of it. */
export class Share {
  readonly #parts: ShareParts;
  readonly #queue: ShareQueue;
  readonly #candidates: ShareCandidates;
  readonly #list: SharedList;
  readonly #exchange: Exchange;
  #lifted = 0;

  private constructor(parts: ShareParts, queue: ShareQueue) {
    this.#parts = parts;
    this.#queue = queue;
    const { engine, config, blocks, tracker, lists, clock, tell } = parts;
    const wallNow = () => this.#wallNow;
    this.#candidates = new ShareCandidates({
      blocks,
      tracker,
      sharing: () => ({ repeated: config().shareRepeated }),
      ipv6Prefix: () => config().blockIpv6Prefix,
      toWall: clock.toWall,
      longestUntil: () => wallNow() + LONGEST_SHARED_MS,
    });
    this.#list = new SharedList({
      name: engine.list,
      engine: engine.name,
      lists,
      clock,
      most: () => config().shareMax,
      longestMs: () => config().shareTimeMax,
      tell,
    });
    this.#exchange = new Exchange({
      engine,
      queue,
      wallNow,
      pullIntervalMs: () => (engine.pullsLive ? 0 : config().crowdsecInterval),
      most: () => config().shareMax,
      isListed: (id) => this.#list.decisions.has(id),
      apply: (pulled) => this.#list.apply(pulled),
      endedEarly: (said) => void this.#lift(said),
      tell,
      random: Math.random,
    });
  }

  /** Reads what a former run has not told the engine. Never rejects. */
  static async open(parts: ShareParts): Promise<Share> {
    const { engine, config, clock, tell } = parts;
    const path = engine.pushes ? join(config().stateDir, `share-${engine.list}`) : null;
    const now = clock.toWall(clock.now());
    return new Share(parts, await ShareQueue.open({ path, identity: engine.identity, now, tell }));
  }

  get #wallNow(): number {
    const { clock } = this.#parts;
    return clock.toWall(clock.now());
  }

  get counts(): ShareReadings {
    const { pushed, refused, takenBack, pulls } = this.#exchange;
    const { overflowed, size } = this.#queue;
    const { leftOut, decisions } = this.#list;
    const lifted = this.#lifted;
    return {
      pushed,
      refused,
      overflowed,
      takenBack,
      pulls,
      lifted,
      waiting: size,
      known: decisions.size,
      leftOut,
    };
  }

  /** Whether nothing is under way at the engine. */
  get isQuiet(): boolean {
    return this.#exchange.isQuiet;
  }

  /** How it is doing, for people. */
  get status(): ShareStatus {
    const { engine } = this.#parts;
    const { pushTrouble, pullTrouble, lastPush, lastPull } = this.#exchange;
    const { waiting, known, leftOut, overflowed, pushed, refused, takenBack, lifted } = this.counts;
    const push = {
      trouble: pushTrouble,
      last: lastPush,
      waiting,
      overflowed,
      pushed,
      refused,
      takenBack,
      lifted,
    };
    const pull = { trouble: pullTrouble, last: lastPull, list: engine.list, decisions: known, leftOut };
    return { engine: engine.name, push: engine.pushes ? push : null, pull: engine.pulls ? pull : null };
  }

  /** What others were told of this target, in one sentence; null for nothing. */
  whatIsSaidOf(target: string): string | null {
    const { engine } = this.#parts;
    if (this.#queue.isWaiting(target)) return `${engine.name} is about to be told of ${target}`;
    if (this.#queue.hasSaid(target)) return `${engine.name} was told of ${target}`;
    if (this.#candidates.has(target)) return `${engine.name} is not told of it: its probes may be forged`;
    return null;
  }

  /** The actions against a source have ended. */
  blocked(event: BlockEvent): void {
    if (event.action === 'block' && this.#parts.engine.pushes) this.#candidates.add(event, event.target);
  }

  /** Call it every second; `now` by the daemon's clock, ms. */
  tick(now: number): void {
    for (const report of this.#candidates.take()) this.#queue.report(report);
    this.#queue.tick();
    this.#exchange.tick(now);
  }

  /**
   * An administrator has unblocked the target here, which ended as `answer` says. What any portsentry has said of it is
   * taken back at the engine, and the list lets it pass at once.
   */
  async unblocked(target: string, answer: Answer): Promise<Answer> {
    if (answer.outcome !== 'done' && answer.outcome !== 'absent') return answer;
    const { engine, config } = this.#parts;
    const stays = this.#list.othersOf(target);
    const isSaid =
      this.#list.isSaidByPortsentry(target) || this.#queue.hasSaid(target) || this.#queue.isWaiting(target);
    const staying = stays === null ? '' : `it stays in the list ${engine.list}: ${stays}`;
    if (answer.outcome === 'absent' && !isSaid)
      return stays === null ? answer : { outcome: 'refused', message: staying };
    if (!engine.pushes) {
      if (!isSaid)
        return stays === null ? answer : { ...answer, message: `${answer.message}; but ${staying}` };
      const why = config().share === 'pull' ? 'SHARE is pull' : 'CROWDSEC_MACHINE is not set';
      const message = `${target} is in the list ${engine.list}, and this host may not take it back at ${engine.name}: ${why}`;
      return answer.outcome === 'absent'
        ? { outcome: 'refused', message }
        : { ...answer, message: `${answer.message}; but ${message}` };
    }
    const at = this.#wallNow;
    if (!this.#queue.takeBack(target, at))
      return { outcome: 'later', message: `${target}: too much waits for ${engine.name}` };
    const parts = this.#saidIn(target).filter((part) => this.#queue.takeBack(part, at));
    const [failure, lost] = await Promise.all([this.#drop([target, ...parts]), this.#queue.durable()]);
    const trouble = this.#exchange.pushTrouble;
    const what =
      answer.outcome === 'done' ? answer.message : `${target} is no longer in the list ${engine.list}`;
    const notes = [
      trouble === null ? `${engine.name} is told` : `${engine.name} is told as soon as it can be: ${trouble}`,
      ...(failure === null ? [] : [failure]),
      ...(lost === null ? [] : [`but a restart forgets that: ${lost}`]),
      ...(stays === null ? [] : [`but ${staying}`]),
    ];
    return { ...answer, outcome: 'done', message: `${what}; ${notes.join('; ')}` };
  }

  /** What portsentry has said of parts of this network: a block may have grown since. */
  #saidIn(target: string): string[] {
    if (!target.includes('/')) return [];
    const network = parsePrefix(target) as Prefix;
    const isPart = (text: string) => {
      const prefix = parsePrefix(text);
      return (
        text !== target && prefix !== null && prefix.length >= network.length && overlaps(prefix, network)
      );
    };
    return [...new Set([...this.#queue.targets(), ...this.#list.targetsOfPortsentry()])].filter(isPart);
  }

  async #drop(targets: readonly string[]): Promise<Failure> {
    let failure: Failure = null;
    for (const target of targets) failure = (await this.#list.drop(target)) ?? failure;
    return failure;
  }

  /** The same for the blocks that `unblock --all` has ended. Resolves to what the answer says of it. */
  async unblockedAll(targets: readonly string[]): Promise<string> {
    const { engine } = this.#parts;
    if (!engine.pushes) return '';
    const said = targets.filter(
      (target) =>
        this.#queue.hasSaid(target) || this.#queue.isWaiting(target) || this.#list.isSaidByPortsentry(target),
    );
    const at = this.#wallNow;
    const taken = said.filter((target) => this.#queue.takeBack(target, at));
    await this.#drop(taken);
    return taken.length === 0 ? '' : `; ${engine.name} is told of ${taken.length}`;
  }

  /** Ends within a second; what waits is on the disk. */
  async close(): Promise<void> {
    for (const report of this.#candidates.take()) this.#queue.report(report);
    await this.#exchange.close();
    await this.#queue.close();
  }

  /**
   * Somebody has ended this host's decision, so the block that it told of ends. A block by hand stays, and so does one that
   * began after that decision.
   */
  async #lift({ target, since }: Said): Promise<void> {
    const { blocks, clock, engine, tell } = this.#parts;
    const entry = blocks.find(target);
    if (entry === undefined || entry.ended !== null || isByHand(entry.block)) return;
    if (Math.abs(clock.toWall(entry.block.since) - since) > SAME_BLOCK_MS) return;
    const failure = await blocks.release(entry, 'unblocked');
    if (failure !== null) {
      tell(
        `${target} was unblocked at ${engine.name}, but its block here could not be taken back: ${failure}.`,
      );
      return;
    }
    this.#lifted++;
    tell(`${target} was unblocked at ${engine.name}.`);
  }
}

/** The wall clock may have been set between two looks at the same block. */
const SAME_BLOCK_MS = 1_000;
