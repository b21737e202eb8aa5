import type { BlockMethod, Config } from '../config/config.ts';
import type { Backend } from '../firewall/backend.ts';
import { bestMethod, makeBackend } from '../firewall/choose.ts';
import type { BackendPool } from '../firewall/pool.ts';
import { bootIdentity } from '../ledger/boot.ts';
import { Ledger } from '../ledger/ledger.ts';
import type { BlockMemory } from '../ledger/memory.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { type Assembly, assemble } from '../respond/assemble.ts';
import type { Blocks } from '../respond/blocks.ts';
import type { Breaker } from '../respond/breaker.ts';
import type { ActionStep, BlockEvent, UnblockEvent } from '../respond/event.ts';
import { HOSTS_DENY } from '../respond/hosts-deny.ts';
import { liftBlocks } from '../respond/lift.ts';
import { plannedMethod } from '../respond/plan.ts';
import type { ActionQueue } from '../respond/queue.ts';
import type { Responder } from '../respond/responder.ts';
import { reinforce, restoreBlocks } from '../respond/restore.ts';
import type { ProbeDetails } from '../track/event.ts';
import { AllowList } from './allow-list.ts';

/** How often (ms) it is looked up whom not to block, and whether the method's rules still stand. */
const LOOK_INTERVAL = 60_000;

export interface BlockManagerParts {
  readonly config: Config;
  readonly dryRun: boolean;
  readonly queue: ActionQueue;
  /** A step for an address or prefix has ended. */
  readonly onStep: (target: string, step: ActionStep) => void;
  readonly onEnd: (event: UnblockEvent) => void;
  /** Gets one line for the administrator. */
  readonly tell: (text: string) => void;
}

/** How new blocks are put in force, and why so. */
export interface Method {
  readonly name: BlockMethod;
  readonly how: string;
}

/**
 * Who may come in: everything about blocks in a live run. It keeps the never-block list, the blocks with their
 * ledger and back ends, and the breaker, and looks after them as time goes by.
 */
export class BlockManager {
  readonly allowList = new AllowList();
  readonly #parts: BlockManagerParts;
  readonly #assembly: Assembly;
  #config: Config;
  #method: Method | null = null;
  #responder: Responder | null = null;
  #lastLook = 0;
  /** Somebody was blocked since it was last looked up whom that must not happen to. */
  #hasBlocked = false;

  constructor(parts: BlockManagerParts, memory: BlockMemory) {
    const { config, tell } = parts;
    this.#parts = parts;
    this.#config = config;
    this.#assembly = assemble({
      config,
      memory,
      queue: parts.queue,
      makeBackend: (method) => this.#makeBackend(method),
      hostsDenyPath: HOSTS_DENY,
      boot: bootIdentity(),
      ruleFor: (network) => this.allowList.never.ruleForNetwork(network),
      now: Date.now,
      onStep: parts.onStep,
      onEnd: parts.onEnd,
      tell,
    });
  }

  get blocks(): Blocks {
    return this.#assembly.blocks;
  }

  get breaker(): Breaker {
    return this.#assembly.breaker;
  }

  /** The back ends in use. */
  get backends(): BackendPool {
    return this.#assembly.backends;
  }

  /** What is known of a target, blocked or not. */
  get memory(): BlockMemory {
    return this.#assembly.memory;
  }

  /** How new blocks are put in force; null when nobody is to be blocked. */
  get method(): Method | null {
    return this.#method;
  }

  /**
   * Looks up who must never be blocked, finds the block method and puts what is due in force again. Throws a
   * CommandError (69) when sources are to be blocked and the host has no way to do it.
   */
  async start(): Promise<void> {
    await this.allowList.configure(this.#config);
    this.allowList.takeChange();
    if (!this.#parts.dryRun) {
      await this.#findMethod();
      await restoreBlocks(this.#assembly, this.#method?.name ?? null);
      await this.#spare();
    }
    this.#lastLook = Date.now();
    this.#responder = this.#makeResponder();
  }

  /** Goes over to another configuration; what is blocked stays. Throws as `start` does, and is unchanged then. */
  async reload(config: Config): Promise<void> {
    const before = this.#config;
    this.#config = config;
    try {
      if (!this.#parts.dryRun) {
        await this.backends.forget('command');
        await this.#findMethod();
      }
    } catch (error) {
      this.#config = before;
      throw error;
    }
    this.blocks.configure(config);
    this.breaker.configure(config.blockRateMax);
    this.#responder = this.#makeResponder();
    await this.allowList.configure(config);
    await this.#apply();
    if (!this.#parts.dryRun) await restoreBlocks(this.#assembly, this.#method?.name ?? null);
  }

  /** Carries out what is configured for a source that triggered. */
  respond(details: ProbeDetails, connects: number): Promise<BlockEvent> {
    if (this.#responder === null) throw new Error('a response before the start');
    this.#hasBlocked = true;
    return this.#responder.respond(details, connects);
  }

  /** To be called every second; `now` in ms. */
  tick(now: number): void {
    this.breaker.tick(now);
    this.blocks.tick(now);
    if (this.memory instanceof Ledger) this.memory.tick(now);
    const due = Math.abs(now - this.#lastLook) >= LOOK_INTERVAL;
    // An administrator who has logged in since the last look may have been blocked meanwhile.
    if (due || this.#hasBlocked) this.allowList.learn();
    this.#hasBlocked = false;
    this.allowList.tick(now);
    if (this.allowList.takeChange()) void this.#apply();
    if (!due) return;
    this.#lastLook = now;
    void this.#verify();
  }

  /** Resolves when what was recorded is on the disk, or to why it is not. */
  durable(): Promise<string | null> {
    return this.memory instanceof Ledger ? this.memory.durable() : Promise.resolve(null);
  }

  /** The method for a block by hand, found out when it is needed; rejects with a one-line reason. */
  async methodByHand(): Promise<BlockMethod> {
    if (this.#method !== null) return this.#method.name;
    const planned = plannedMethod(this.#config);
    return planned === 'best' ? (await bestMethod()).method : planned;
  }

  /** Ends it; blocks stay in force, or do not, as BLOCK_ON_EXIT says. */
  async close(): Promise<void> {
    if (this.#config.blockOnExit === 'release' && !this.#parts.dryRun) {
      await liftBlocks(this.#assembly);
    } else await this.backends.close('keep');
    if (this.memory instanceof Ledger) await this.memory.close();
  }

  async #findMethod(): Promise<void> {
    if (this.#config.blockTcp !== 1 && this.#config.blockUdp !== 1) {
      this.#method = null;
      return;
    }
    const planned = plannedMethod(this.#config);
    try {
      const { method, why } =
        planned === 'best' ? await bestMethod() : { method: planned, why: this.#reason };
      await this.backends.get(method);
      this.#method = { name: method, how: why };
    } catch (error) {
      const hint = 'set BLOCK_METHOD or KILL_ROUTE to something that works here';
      throw new CommandError(
        Exit.unavailable,
        `sources cannot be blocked: ${(error as Error).message}; ${hint}`,
      );
    }
  }

  get #reason(): string {
    return this.#config.blockMethod === null ? 'KILL_ROUTE is set' : 'set by BLOCK_METHOD';
  }

  #makeBackend(method: BlockMethod): Backend {
    return makeBackend(method, {
      config: this.#config,
      now: Date.now,
      tell: this.#parts.tell,
      onLost: () => void reinforce(this.#assembly, method).then(() => this.#spare()),
    });
  }

  #makeResponder(): Responder {
    return this.#assembly.makeResponder(this.#config, this.#method?.name ?? 'none');
  }

  /** What has become never-block is taken back, and the firewall is told. */
  async #apply(): Promise<void> {
    await this.blocks.releaseSpared();
    await this.#spare();
  }

  async #spare(): Promise<void> {
    const prefixes = this.allowList.never.prefixes();
    for (const backend of await this.backends.opened()) {
      // It makes anew what is gone, and nobody would notice then that the blocks are gone with it.
      await this.#mend(backend);
      const failure = (await backend.spare?.(prefixes)) ?? null;
      if (failure !== null) this.#parts.tell(`The firewall could not be told whom to spare: ${failure}.`);
    }
  }

  async #verify(): Promise<void> {
    const mended = await Promise.all((await this.backends.opened()).map((backend) => this.#mend(backend)));
    if (mended.includes(true)) await this.#spare();
  }

  /** Somebody else may have flushed the firewall; true when that was so, and the blocks are in force again. */
  async #mend(backend: Backend): Promise<boolean> {
    try {
      if ((await backend.open()) === 'found') return false;
      await reinforce(this.#assembly, backend.method);
      return true;
    } catch (error) {
      this.#parts.tell(`${backend.method} does not work any more: ${(error as Error).message}`);
      return false;
    }
  }
}
