import type { BlockMethod, Config } from '../config/config.ts';
import { makeBackend } from '../firewall/choose.ts';
import type { BackendPool } from '../firewall/pool.ts';
import { bootIdentity } from '../ledger/boot.ts';
import { Ledger } from '../ledger/ledger.ts';
import type { BlockMemory } from '../ledger/memory.ts';
import { type Assembly, type AssemblyParts, assemble } from '../respond/assemble.ts';
import type { Blocks } from '../respond/blocks.ts';
import type { Breaker } from '../respond/breaker.ts';
import type { BlockEvent } from '../respond/event.ts';
import { HOSTS_DENY } from '../respond/hosts-deny.ts';
import { liftBlocks } from '../respond/lift.ts';
import type { Responder } from '../respond/responder.ts';
import { restoreBlocks } from '../respond/restore.ts';
import type { ProbeDetails } from '../track/event.ts';
import { AllowList } from './allow-list.ts';
import { findMethod, findMethodByHand, type Method } from './block-method.ts';
import { RuleUpkeep } from './rule-upkeep.ts';

/** How often the lifelines of this host are looked up and the rules of the methods checked. */
const LOOK_INTERVAL_MS = 60_000;

/** What the block manager works with. */
export interface BlockManagerParts
  extends Pick<AssemblyParts, 'config' | 'queue' | 'onStep' | 'onEnd' | 'tell'> {
  readonly dryRun: boolean;
}

/**
 * Everything about blocks in a live run: the never-block list, the blocks with their ledger and back ends, and the
 * breaker. It looks after them as time passes.
 */
export class BlockManager {
  readonly allowList = new AllowList();
  readonly #dryRun: boolean;
  readonly #tell: (text: string) => void;
  readonly #assembly: Assembly;
  readonly #upkeep: RuleUpkeep;
  #config: Config;
  #method: Method | null = null;
  #responder: Responder | null = null;
  #lastLookMs = 0;
  /** The NFLOG group that a sensor reads. */
  #reportGroup: number | null = null;
  /** A source was blocked since the lifelines were last looked up, and may be one of them. */
  #hasBlocked = false;

  constructor({ dryRun, ...parts }: BlockManagerParts, memory: BlockMemory) {
    this.#dryRun = dryRun;
    this.#tell = parts.tell;
    this.#config = parts.config;
    this.#assembly = assemble({
      ...parts,
      memory,
      makeBackend: (method) =>
        makeBackend(method, {
          config: this.#config,
          now: Date.now,
          reportGroup: this.#reportGroup,
          tell: parts.tell,
          onLost: () => void this.#upkeep.restoreLost(method),
        }),
      hostsDenyPath: HOSTS_DENY,
      boot: bootIdentity(),
      ruleFor: (network) => this.allowList.never.ruleForNetwork(network),
      now: Date.now,
    });
    this.#upkeep = new RuleUpkeep({
      ...this.#assembly,
      neverBlocked: () => this.allowList.never.prefixes(),
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

  /** What is known of each target, blocked or not. */
  get memory(): BlockMemory {
    return this.#assembly.memory;
  }

  /** How new blocks are put in force; null when no source is to be blocked. */
  get method(): Method | null {
    return this.#method;
  }

  /**
   * Looks up who must never be blocked, finds the block method and puts the blocks of former runs in force again.
   * Throws a CommandError (69) when sources are to be blocked and the host has no way to do it.
   */
  async start(): Promise<void> {
    await this.allowList.configure(this.#config);
    this.allowList.takeChange();
    if (!this.#dryRun) {
      this.#method = await findMethod(this.#config, this.backends);
      await this.#restore();
      await this.#upkeep.spare();
    }
    this.#lastLookMs = Date.now();
    this.#makeResponder();
  }

  /** Goes over to another configuration; blocks stay. Throws as `start` does, and nothing has changed then. */
  async reload(config: Config): Promise<void> {
    const before = this.#config;
    this.#config = config;
    try {
      if (!this.#dryRun) {
        await this.backends.forget('command');
        this.#method = await findMethod(config, this.backends);
      }
    } catch (error) {
      this.#config = before;
      throw error;
    }
    this.blocks.configure(config);
    this.breaker.configure(config.blockRateMax);
    this.#makeResponder();
    await this.allowList.configure(config);
    await this.#applyAllowList();
    if (!this.#dryRun) await this.#restore();
  }

  /** Carries out what is configured for a source that triggered. */
  respond(details: ProbeDetails, connects: number): Promise<BlockEvent> {
    if (this.#responder === null) throw new Error('a response before the start');
    this.#hasBlocked = true;
    return this.#responder.respond(details, connects);
  }

  /** Must be called every second; `now` in ms since the epoch. */
  tick(now: number): void {
    this.breaker.tick(now);
    this.blocks.tick(now);
    if (this.memory instanceof Ledger) this.memory.tick(now);
    const isDue = Math.abs(now - this.#lastLookMs) >= LOOK_INTERVAL_MS;
    // The source just blocked may be an administrator who has logged in since the last look.
    if (isDue || this.#hasBlocked) this.allowList.learn();
    this.#hasBlocked = false;
    this.allowList.tick(now);
    if (this.allowList.takeChange()) void this.#applyAllowList();
    if (!isDue) return;
    this.#lastLookMs = now;
    void this.#upkeep.verify();
  }

  /** A sensor reads this NFLOG group from now on, so blocked sources' packets are reported there; null: none does. */
  async reportTo(group: number | null): Promise<void> {
    this.#reportGroup = group;
    for (const backend of await this.backends.opened()) {
      const failure = (await backend.report?.(group)) ?? null;
      if (failure !== null) this.#tell(`Scans of blocked sources are not counted: ${failure}`);
    }
  }

  /** Resolves to null when all records are on the disk, else to the reason why they are not. */
  durable(): Promise<string | null> {
    return this.memory instanceof Ledger ? this.memory.durable() : Promise.resolve(null);
  }

  /** The method for a block by hand; rejects with a one-line reason. */
  async methodByHand(): Promise<BlockMethod> {
    return this.#method?.name ?? findMethodByHand(this.#config);
  }

  /** Ends; BLOCK_ON_EXIT decides whether blocks stay in force. */
  async close(): Promise<void> {
    if (this.#config.blockOnExit === 'release' && !this.#dryRun) await liftBlocks(this.#assembly);
    else await this.backends.close('keep');
    if (this.memory instanceof Ledger) await this.memory.close();
  }

  #makeResponder(): void {
    this.#responder = this.#assembly.makeResponder(this.#config, this.#method?.name ?? 'none');
  }

  #restore(): Promise<void> {
    return restoreBlocks(this.#assembly, this.#method?.name ?? null);
  }

  /** Releases what the never-block list spares now, and tells the firewall. */
  async #applyAllowList(): Promise<void> {
    await this.blocks.releaseSpared();
    await this.#upkeep.spare();
  }
}
