import type { Config } from '../config/config.ts';
import type { Knock } from '../track/event.ts';
import type { Backend, Failure } from './backends/backend.ts';
import type { Block } from './block.ts';
import type { ActionStep, BlockEvent } from './event.ts';
import { HalfBlocked } from './half-blocked.ts';
import { denyInHostsFile, hostsDenyLine } from './hosts-deny.ts';
import { type PlannedAction, planActions } from './plan.ts';
import { failureOf, partPlan } from './policy.ts';
import { type ActionQueue, ENDING, type Urgency } from './queue.ts';
import { runCommand } from './shell.ts';
import { expand } from './template.ts';

/** What a responder works with. */
export interface ResponderOptions {
  readonly config: Config;
  readonly backend: Backend;
  readonly queue: ActionQueue;
  readonly hostsDenyPath: string;
  /** Told of each step as it ends; must not throw. */
  readonly onStep: (knock: Knock, step: ActionStep) => void;
}

/** Carries out what is configured for a source that triggered. */
export class Responder {
  readonly #options: ResponderOptions;
  readonly #halfBlocked = new HalfBlocked();
  /** By source; as bounded as the queue. */
  readonly #atWork = new Map<string, Promise<BlockEvent>>();

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /**
   * Takes all actions and resolves when the last has ended; never rejects. For a source that is being acted on
   * already it takes none, and resolves to the same event.
   */
  respond(knock: Knock): Promise<BlockEvent> {
    const atWork = this.#atWork.get(knock.source);
    if (atWork !== undefined) return atWork;
    const response = this.#actOn(knock)
      .catch((error: Error) => failed(knock, [], `internal error: ${error.message}`))
      .finally(() => this.#atWork.delete(knock.source));
    this.#atWork.set(knock.source, response);
    return response;
  }

  async #actOn(knock: Knock): Promise<BlockEvent> {
    const plan = planActions(this.#options.config, knock.transport, knock.family);
    const parts = partPlan(plan);
    const block = await this.#takeAll(parts.block, knock, 'block');
    const notice = await this.#takeAll(parts.notice, knock, 'notice');
    const taken = [...block, ...notice];
    const steps = taken.map(([, step]) => step);
    const failure = failureOf(plan, steps);
    if (failure !== null) {
      this.#halfBlocked.set(knock.source, taken, knock.time);
      return failed(knock, steps, failure);
    }
    this.#halfBlocked.delete(knock.source);
    return { ...knock, action: 'block', steps, reason: null };
  }

  /** Takes the actions one after the other, as one entry of the queue; each has its step in the result. */
  async #takeAll(
    actions: readonly PlannedAction[],
    knock: Knock,
    urgency: Urgency,
  ): Promise<[PlannedAction, ActionStep][]> {
    const taken: [PlannedAction, ActionStep][] = [];
    if (actions.length === 0) return taken;
    const refused = await this.#options.queue.run(
      knock.source,
      async (signal) => {
        for (const action of actions) taken.push([action, await this.#take(action, knock, signal)]);
        return null;
      },
      urgency,
    );
    if (refused === null) return taken;
    return actions.map((action) => [action, this.#ended(knock, action.step, textOf(action, knock), refused)]);
  }

  async #take(action: PlannedAction, knock: Knock, signal: AbortSignal): Promise<ActionStep> {
    const earlier = this.#halfBlocked.find(knock.source, action, knock.time);
    if (earlier !== undefined) return earlier;
    const text = textOf(action, knock);
    const failure = signal.aborted ? ENDING : await this.#carryOut(action.step, text, knock, signal);
    return this.#ended(knock, action.step, text, failure);
  }

  async #carryOut(
    step: ActionStep['step'],
    text: string,
    knock: Knock,
    signal: AbortSignal,
  ): Promise<Failure> {
    const { backend, config, hostsDenyPath } = this.#options;
    if (step === 'route') return backend.block(blockOf(knock), signal);
    if (step === 'wrappers') return denyInHostsFile(hostsDenyPath, text);
    return (await runCommand(text, { timeout: config.actionTimeout, signal })).failure;
  }

  #ended(knock: Knock, step: ActionStep['step'], text: string, failure: Failure): ActionStep {
    const ended = { step, text, failure };
    this.#options.onStep(knock, ended);
    return ended;
  }
}

function textOf({ step, template }: PlannedAction, knock: Knock): string {
  const block = blockOf(knock);
  return step === 'wrappers' ? hostsDenyLine(template, block) : expand(template, block);
}

function blockOf({ source, family, time, mode, kind, transport, destinationPort }: Knock): Block {
  const cause = { mode, kind, transport, destinationPort, connects: 0, note: null };
  return { target: source, family, since: time, until: null, cause };
}

function failed(knock: Knock, steps: readonly ActionStep[], reason: string): BlockEvent {
  return { ...knock, action: 'block-failed', steps, reason };
}
