import { ENDING } from '../commands/ending.ts';
import type { Failure } from '../commands/failure.ts';
import { runCommand } from '../commands/shell.ts';
import type { BlockMethod, Config } from '../config/config.ts';
import type { Block } from '../firewall/block.ts';
import { expand } from '../firewall/template.ts';
import type { LedgerMethod } from '../ledger/entry.ts';
import { type ModeTransport, modeTransportOf } from '../net/protocol.ts';
import type { ProbeDetails } from '../track/event.ts';
import { type Evidence, suffices } from '../track/evidence.ts';
import type { Blocks } from './blocks.ts';
import { countermeasureFor, countermeasureOf } from './countermeasure.ts';
import type { ActionStep, BlockEvent, Outcome } from './event.ts';
import { HalfBlocked } from './half-blocked.ts';
import { denyInHostsFile, hostsDenyLine } from './hosts-deny.ts';
import { networkOf } from './neighbours.ts';
import type { NeverBlockRule } from './never-block.ts';
import type { Notified } from './notified.ts';
import { type PlannedAction, planActions } from './plan.ts';
import { failureOf, partPlan } from './policy.ts';
import type { ActionQueue, Urgency } from './queue.ts';

/** Responses that look first, wait or run: more than the queue of actions takes, so that a flood takes bounded memory. */
const MAX_UNDER_WAY = 2_048;

/** What a responder works with. */
export interface ResponderOptions {
  readonly config: Config;
  /** The method that BLOCK="1" uses. */
  readonly method: BlockMethod;
  readonly blocks: Blocks;
  readonly queue: ActionQueue;
  /** The sources for which a notifier was run. */
  readonly notified: Notified;
  readonly hostsDenyPath: string;
  /** Looks up now whether a never-block rule spares the source, or its network; absent: nothing is looked up. */
  readonly lookFirst?: LookFirst | undefined;
  /** Called with the target as each step ends; must not throw. */
  readonly onStep: (target: string, step: ActionStep) => void;
  /** Called when the block for this probe stands. */
  readonly onBlocked?: ((details: ProbeDetails) => void) | undefined;
}

/** The source of a probe that triggered, and how hard its packets are to forge. */
export type Triggering = ProbeDetails & { readonly evidence?: Evidence };

/** Looks up this host's dependencies, then resolves to the rule that spares the source. `target` is what would be blocked. */
export type LookFirst = (source: Triggering, target: string) => Promise<NeverBlockRule | null>;

/** A response under way. */
interface Response {
  readonly details: Triggering;
  readonly block: Block;
  /** The line added to hosts.deny. */
  wrappersLine: string | null;
}

/** Carries out the actions configured for a source that triggered. */
export class Responder {
  readonly #options: ResponderOptions;
  readonly #halfBlocked = new HalfBlocked();
  /** Whether KILL_RUN_CMD is all that is run, by transport and family. */
  readonly #notices: Readonly<Record<ModeTransport, Readonly<Record<4 | 6, boolean>>>>;
  /** By target; MAX_UNDER_WAY at most. */
  readonly #underWay = new Map<string, Promise<Outcome>>();

  constructor(options: ResponderOptions) {
    this.#options = options;
    const { config, method } = options;
    const isNotice = (transport: ModeTransport, family: 4 | 6) =>
      countermeasureFor(config, method, transport, family).does === 'notifies';
    this.#notices = {
      tcp: { 4: isNotice('tcp', 4), 6: isNotice('tcp', 6) },
      udp: { 4: isNotice('udp', 4), 6: isNotice('udp', 6) },
    };
  }

  /**
   * Takes all actions and resolves when the last has ended; never rejects. `connects` is how many attempts of the
   * source have counted. For a target with a response under way it takes none, and resolves to the event of that one.
   */
  respond(details: Triggering, connects: number): Promise<Outcome> {
    const { blocks } = this.#options;
    const block = this.#blockFor(details, connects);
    const underWay = this.#underWay.get(block.target);
    if (underWay !== undefined) return underWay;
    if (this.#underWay.size >= MAX_UNDER_WAY)
      return Promise.resolve(
        this.#failed(details, block, [], `too many responses are under way: ${MAX_UNDER_WAY}`),
      );
    const response = this.#lookAndAct(details, connects, block)
      .catch((error: Error) => this.#failed(details, block, [], `internal error: ${error.message}`))
      .finally(() => {
        this.#underWay.delete(block.target);
        blocks.made(block.target);
      });
    this.#underWay.set(block.target, response);
    blocks.begins(block.target);
    return response;
  }

  /** Whether a notifier has told of this source, which goes on; this probe counts as a sign of that. */
  isTold(details: ProbeDetails): boolean {
    const { config, notified } = this.#options;
    return this.#notifies(details) && notified.goesOn(this.#keyOf(details), details.time, config.scanWindow);
  }

  #notifies({ transport, family }: ProbeDetails): boolean {
    // Asked for each probe of a flood.
    return this.#notices[modeTransportOf(transport)][family];
  }

  /** For a notifier the addresses of an IPv6 network are one source, as for a block. */
  #keyOf({ source, family }: ProbeDetails): string {
    const bits = this.#options.config.blockIpv6Prefix;
    return family === 4 || bits === 128 ? source : networkOf(source, bits);
  }

  /** What the actions are told of; a notifier is told of the source itself. */
  #blockFor(details: Triggering, connects: number): Block {
    const block = this.#options.blocks.plan(details, connects, evidenceOf(details));
    return this.#notifies(details) ? { ...block, target: details.source, until: null } : block;
  }

  /**
   * A block without an undo stays if it was wrong, so the look comes before the first action. What it finds may also
   * keep the source's network from being blocked as a whole.
   */
  async #lookAndAct(details: Triggering, connects: number, planned: Block): Promise<Outcome> {
    const { lookFirst } = this.#options;
    if (lookFirst === undefined) return this.#actOn({ details, block: planned, wrappersLine: null });
    const rule = await lookFirst(details, planned.target);
    if (rule !== null) {
      const { text, origin, isSilent } = rule;
      return { ...details, action: 'refused', rule: text, origin, isSilent };
    }
    return this.#actOn({ details, block: this.#blockFor(details, connects), wrappersLine: null });
  }

  async #actOn(response: Response): Promise<BlockEvent> {
    const { blocks, config, method } = this.#options;
    const { details, block } = response;
    const plan = planActions(config, method, details.transport, details.family);
    const measure = countermeasureOf(plan, config, method);
    if (measure.does === 'notifies') return this.#notify(response, plan);
    if (measure.does !== 'blocks') return this.#failed(details, block, [], failureOf(plan, []) ?? '');
    const parts = partPlan(plan);
    // The block is sent to the back end before it is recorded, because in a scan each fraction of a ms counts. The
    // ledger writes the record at the end of this turn of the event loop.
    const urgency = suffices(evidenceOf(details), 'block in a flood') ? 'proven' : 'block';
    const taking = this.#takeAll(parts.block, response, urgency);
    blocks.decide(block, measure.method as LedgerMethod);
    const before = await taking;
    const failure = failureOf(
      plan,
      before.map(([, step]) => step),
    );
    // The block stands as soon as it works. Actions that only report it may be slow.
    if (failure === null) {
      blocks.confirm(block, response.wrappersLine);
      this.#options.onBlocked?.(details);
    } else blocks.fail(block);
    const notice = await this.#takeAll(parts.notice, response, 'notice');
    const taken = [...before, ...notice];
    const steps = taken.map(([, step]) => step);
    if (failure !== null) {
      this.#halfBlocked.set(block.target, taken, details.time);
      return this.#failed(details, block, steps, failure);
    }
    this.#halfBlocked.delete(block.target);
    return { ...details, ...this.#outcome(block), action: 'block', steps, reason: null };
  }

  /** Runs KILL_RUN_CMD where nothing blocks. The source is not blocked then, and no record keeps a block away. */
  async #notify(response: Response, plan: readonly PlannedAction[]): Promise<BlockEvent> {
    const { details, block } = response;
    const taken = await this.#takeAll(plan, response, 'notice');
    const steps = taken.map(([, step]) => step);
    const reason = failureOf(plan, steps);
    if (reason === null) this.#options.notified.add(this.#keyOf(details), details.time);
    const { target } = block;
    const action = reason === null ? 'notify' : 'notify-failed';
    return { ...details, action, target, until: null, times: 0, method: 'none', steps, reason };
  }

  /** Takes the actions one after another, as one entry of the queue; the result has a step for each. */
  async #takeAll(
    actions: readonly PlannedAction[],
    response: Response,
    urgency: Urgency,
  ): Promise<[PlannedAction, ActionStep][]> {
    const taken: [PlannedAction, ActionStep][] = [];
    if (actions.length === 0) return taken;
    const refused = await this.#options.queue.run(
      response.block.target,
      async (signal) => {
        for (const action of actions) taken.push([action, await this.#take(action, response, signal)]);
        return null;
      },
      urgency,
    );
    if (refused === null) return taken;
    return actions.map((action) => [
      action,
      this.#ended(response, action.step, textOf(action, response.block), refused),
    ]);
  }

  async #take(action: PlannedAction, response: Response, signal: AbortSignal): Promise<ActionStep> {
    const { block, details } = response;
    const earlier = this.#halfBlocked.find(block.target, action, details.time);
    if (earlier !== undefined) {
      if (earlier.step === 'wrappers') response.wrappersLine = earlier.text;
      return earlier;
    }
    const text = textOf(action, block);
    const failure = signal.aborted ? ENDING : await this.#carryOut(action.step, text, response, signal);
    return this.#ended(response, action.step, text, failure);
  }

  async #carryOut(
    step: ActionStep['step'],
    text: string,
    response: Response,
    signal: AbortSignal,
  ): Promise<Failure> {
    const { blocks, method, config, hostsDenyPath } = this.#options;
    if (step === 'route') return blocks.enforce(response.block, method, signal);
    if (step === 'external') {
      return (await runCommand(text, { timeoutMs: config.actionTimeout, signal })).failure;
    }
    const { failure, added } = await denyInHostsFile(hostsDenyPath, text);
    if (added) response.wrappersLine = text;
    return failure;
  }

  #ended({ block }: Response, step: ActionStep['step'], text: string, failure: Failure): ActionStep {
    const ended = { step, text, failure };
    this.#options.onStep(block.target, ended);
    return ended;
  }

  #failed(details: ProbeDetails, block: Block, steps: readonly ActionStep[], reason: string): BlockEvent {
    return { ...details, ...this.#outcome(block), action: 'block-failed', steps, reason };
  }

  #outcome({ target, until }: Block): Pick<BlockEvent, 'target' | 'until' | 'times' | 'method'> {
    const entry = this.#options.blocks.find(target);
    if (entry === undefined) return { target, until, times: 0, method: this.#options.method };
    const { method, ends } = this.#options.blocks.stateOf(entry);
    return { target, until: ends, times: entry.times, method };
  }
}

function textOf({ step, template }: PlannedAction, block: Block): string {
  return step === 'wrappers' ? hostsDenyLine(template, block) : expand(template, block);
}

/** What is known of a source of which nothing was said may be forged. */
function evidenceOf({ evidence = 'spoofable' }: Triggering): Evidence {
  return evidence;
}
