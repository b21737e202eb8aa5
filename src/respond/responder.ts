import { ENDING } from '../commands/ending.ts';
import type { Failure } from '../commands/failure.ts';
import { runCommand } from '../commands/shell.ts';
import type { BlockMethod, Config } from '../config/config.ts';
import type { Block } from '../firewall/block.ts';
import { expand } from '../firewall/template.ts';
import type { ProbeDetails } from '../track/event.ts';
import type { Blocks } from './blocks.ts';
import type { ActionStep, BlockEvent } from './event.ts';
import { HalfBlocked } from './half-blocked.ts';
import { denyInHostsFile, hostsDenyLine } from './hosts-deny.ts';
import { type PlannedAction, planActions } from './plan.ts';
import { failureOf, partPlan } from './policy.ts';
import type { ActionQueue, Urgency } from './queue.ts';

/** What a responder works with. */
export interface ResponderOptions {
  readonly config: Config;
  /** The method that blocks sources. */
  readonly method: BlockMethod;
  readonly blocks: Blocks;
  readonly queue: ActionQueue;
  readonly hostsDenyPath: string;
  /** Called with the target as each step ends; must not throw. */
  readonly onStep: (target: string, step: ActionStep) => void;
}

/** A response under way. */
interface Response {
  readonly details: ProbeDetails;
  readonly block: Block;
  /** The line added to hosts.deny. */
  wrappersLine: string | null;
}

/** Carries out the actions configured for a source that triggered. */
export class Responder {
  readonly #options: ResponderOptions;
  readonly #halfBlocked = new HalfBlocked();
  /** By target; the queue bounds their number. */
  readonly #underWay = new Map<string, Promise<BlockEvent>>();

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /**
   * Takes all actions and resolves when the last has ended; never rejects. `connects` is how many attempts of the
   * source have counted. For a target with a response under way it takes none, and resolves to the event of that one.
   */
  respond(details: ProbeDetails, connects: number): Promise<BlockEvent> {
    const block = this.#options.blocks.plan(details, connects);
    const underWay = this.#underWay.get(block.target);
    if (underWay !== undefined) return underWay;
    const response = this.#actOn({ details, block, wrappersLine: null })
      .catch((error: Error) => this.#failed(details, block, [], `internal error: ${error.message}`))
      .finally(() => this.#underWay.delete(block.target));
    this.#underWay.set(block.target, response);
    return response;
  }

  async #actOn(response: Response): Promise<BlockEvent> {
    const { blocks, config, method } = this.#options;
    const { details, block } = response;
    const plan = planActions(config, method, details.transport, details.family);
    const parts = partPlan(plan);
    // The block is sent to the back end before it is recorded, because in a scan each fraction of a ms counts. The
    // ledger writes the record at the end of this turn of the event loop.
    const taking = this.#takeAll(parts.block, response, 'block');
    blocks.decide(block, undoMethodOf(plan, method, config));
    const before = await taking;
    const failure = failureOf(
      plan,
      before.map(([, step]) => step),
    );
    // The block stands as soon as it works. Actions that only report it may be slow.
    if (failure === null) blocks.confirm(block, response.wrappersLine);
    else blocks.fail(block);
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
    return { target, until, times: entry?.times ?? 0, method: entry?.method ?? this.#options.method };
  }
}

/** The method that can undo what the plan does; `none` where only a command of the user's can. */
function undoMethodOf(plan: readonly PlannedAction[], method: BlockMethod, config: Config): BlockMethod {
  if (plan.some(({ step }) => step === 'route')) return method;
  // BLOCK="2" without KILL_RUN_CMD: the external command is KILL_ROUTE.
  const routes = plan.some(({ step }) => step === 'external') && config.killRunCmd === null;
  return routes ? 'command' : 'none';
}

function textOf({ step, template }: PlannedAction, block: Block): string {
  return step === 'wrappers' ? hostsDenyLine(template, block) : expand(template, block);
}
