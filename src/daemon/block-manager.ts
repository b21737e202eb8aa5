import type { Failure } from '../commands/failure.ts';
import type { Config } from '../config/config.ts';
import { killRouteFor, unkillRouteFor } from '../config/kill-route.ts';
import type { Block } from '../firewall/block.ts';
import { makeBackend } from '../firewall/choose.ts';
import { CommandBackend } from '../firewall/command.ts';
import type { BackendPool } from '../firewall/pool.ts';
import { bootIdentity } from '../ledger/boot.ts';
import type { LedgerMethod } from '../ledger/entry.ts';
import { Ledger } from '../ledger/ledger.ts';
import type { BlockMemory } from '../ledger/memory.ts';
import { type Address, parseAddress } from '../net/address.ts';
import type { ModeTransport, Transport } from '../net/protocol.ts';
import { type Assembly, type AssemblyParts, assemble } from '../respond/assemble.ts';
import { isByHand } from '../respond/block-state.ts';
import type { Blocks } from '../respond/blocks.ts';
import type { Breaker } from '../respond/breaker.ts';
import { type Countermeasure, countermeasureFor } from '../respond/countermeasure.ts';
import type { Outcome } from '../respond/event.ts';
import { HOSTS_DENY } from '../respond/hosts-deny.ts';
import { liftBlocks } from '../respond/lift.ts';
import type { Responder, Triggering } from '../respond/responder.ts';
import { restoreBlocks } from '../respond/restore.ts';
import { NO_UNDO, type Today } from '../respond/take-over.ts';
import type { ProbeDetails } from '../track/event.ts';
import { AllowList } from './allow-list.ts';
import { DRY_RUN, findMethod, findMethodByHand, type Method, methodOf } from './block-method.ts';
import type { SteadyClock } from './clock.ts';
import { CommandUpkeep } from './command-upkeep.ts';
import { RuleUpkeep } from './rule-upkeep.ts';

/** How often the lifelines of this host are looked up and the rules of the methods checked. */
const LOOK_INTERVAL_MS = 60_000;

/** The methods whose rules let single addresses of a blocked network pass. */
const SPARING_METHODS: ReadonlySet<LedgerMethod> = new Set(['nftables', 'ipset', 'iptables']);

/** What the block manager works with. */
export interface BlockManagerParts
  extends Pick<AssemblyParts, 'config' | 'queue' | 'onStep' | 'onBlocked' | 'onEnd' | 'tell'> {
  readonly dryRun: boolean;
  readonly clock: SteadyClock;
}

/**
 * Everything about blocks in a live run: the never-block list, the blocks with their ledger and back ends, and the
 * breaker. It looks after them as time passes.
 */
export class BlockManager {
  readonly allowList = new AllowList();
  readonly clock: SteadyClock;
  readonly #dryRun: boolean;
  readonly #tell: (text: string) => void;
  readonly #assembly: Assembly;
  readonly #upkeep: RuleUpkeep;
  /** Looks after the blocks by KILL_ROUTE. */
  readonly commands: CommandUpkeep;
  #config: Config;
  #method = DRY_RUN;
  #responder: Responder | null = null;
  #lastLookMs = 0;
  /** The NFLOG group that a sensor reads. */
  #reportGroup: number | null = null;

  constructor({ dryRun, ...parts }: BlockManagerParts, memory: BlockMemory) {
    this.#dryRun = dryRun;
    this.clock = parts.clock;
    this.#tell = parts.tell;
    this.#config = parts.config;
    this.#assembly = assemble({
      ...parts,
      memory,
      makeBackend: (method) =>
        makeBackend(method, {
          config: this.#config,
          now: parts.clock.now,
          reportGroup: this.#reportGroup,
          // Before its blocks are restored none stands yet.
          spared: this.passing((text) => this.blocks.find(text)?.ended === null),
          tell: parts.tell,
          onLost: () => void this.#upkeep.restoreLost(),
        }),
      hostsDenyPath: HOSTS_DENY,
      boot: bootIdentity(),
      ruleFor: (network) => this.allowList.never.ruleForNetwork(network, this.#sparesInside),
      ruleThatLifts: (network) => this.allowList.never.ruleThatLifts(network, this.#sparesInside),
      lookFirst: (source, target) => this.allowList.lookFirst(source, target, !this.usesCommand),
      now: parts.clock.now,
    });
    this.#upkeep = new RuleUpkeep({
      ...this.#assembly,
      neverBlocked: () => this.passing(),
    });
    this.commands = new CommandUpkeep({
      ...this.#assembly,
      queue: parts.queue,
      killRouteFor: (family) => killRouteFor(this.#config, family),
      now: parts.clock.now,
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

  /** How sources are dealt with. */
  get method(): Method {
    return this.#method;
  }

  /** Whether sources are blocked at all. */
  get blocksSources(): boolean {
    return this.#method.name !== 'none';
  }

  /** Whether nobody is blocked, although BLOCK_TCP or BLOCK_UDP is not 0. */
  get actsWithoutBlock(): boolean {
    if (this.blocksSources) return false;
    return (['tcp', 'udp'] as const).some((transport) => this.countermeasureFor(transport).does !== 'logs');
  }

  /** Whether KILL_ROUTE blocks sources, or has blocked one that stands. */
  get usesCommand(): boolean {
    const today = (['tcp', 'udp'] as const).map((transport) => methodOf(this.countermeasureFor(transport)));
    return today.includes('command') || this.blocks.sight.hasCommands;
  }

  /** What is done against a source of this transport that triggers. */
  countermeasureFor(transport: Transport, family: 4 | 6 = 4): Countermeasure {
    if (this.#dryRun) return { does: 'logs' };
    return countermeasureFor(this.#config, this.#method.forPolicy1, transport, family);
  }

  /** Whether a source is blocked, as far as is known. */
  isBlocked(address: Address, text: string): boolean {
    const entry = this.blocks.covering(address, text);
    return entry !== undefined && !this.blocks.sight.isGone(entry.block.target);
  }

  /**
   * Whether enough is done about a source that is not blocked: a notifier has told of it, or its block, which another
   * program has taken away, is made again.
   */
  isSettled(details: ProbeDetails): boolean {
    if (this.blocks.sight.hasGone && this.#isMadeAgain(details.source)) return true;
    return this.#responder?.isTold(details) ?? false;
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
      await this.#upkeep.spareNow();
    }
    this.#lastLookMs = this.clock.now();
    this.#makeResponder();
  }

  /** Goes over to another configuration; blocks stay. Throws as `start` does, and nothing has changed then. */
  async reload(config: Config): Promise<void> {
    const before = this.#config;
    this.#config = config;
    try {
      if (!this.#dryRun) {
        // UNKILL_ROUTE may be another one now.
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
    if (!this.#dryRun) await this.#restore(before);
  }

  /** Carries out what is configured for a source that triggered. */
  respond(details: Triggering, connects: number): Promise<Outcome> {
    if (this.#responder === null) throw new Error('a response before the start');
    return this.#responder.respond(details, connects);
  }

  /** Must be called every second; `now` in ms since the epoch. */
  tick(now: number): void {
    this.breaker.tick(now);
    this.blocks.tick(now);
    this.commands.tick(now);
    if (this.memory instanceof Ledger) this.memory.tick(now);
    const isDue = now - this.#lastLookMs >= LOOK_INTERVAL_MS;
    if (isDue) void this.allowList.learn();
    this.allowList.tick(now);
    if (this.allowList.takeChange()) void this.#applyAllowList();
    if (!isDue) return;
    this.#lastLookMs = now;
    void this.#upkeep.verify();
  }

  /** The wall clock was moved: the ledger gets its new times, and what is in force is looked at. */
  async clockMoved(): Promise<void> {
    if (this.memory instanceof Ledger) this.memory.clockMoved();
    await this.#upkeep.verify();
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
  async methodByHand(): Promise<LedgerMethod> {
    return this.blocksSources ? this.#method.name : findMethodByHand(this.#config);
  }

  /** A target was blocked by hand: if it is one that is never blocked otherwise, the firewall must no longer let it pass. */
  async blockedByHand(): Promise<void> {
    if (!this.#dryRun) await this.#upkeep.spare();
  }

  /** Ends; BLOCK_ON_EXIT decides whether blocks stay in force. */
  async close(): Promise<void> {
    if (this.#config.blockOnExit === 'release' && !this.#dryRun) await liftBlocks(this.#assembly);
    else await this.backends.close('keep');
    await this.allowList.close();
    if (this.memory instanceof Ledger) await this.memory.close();
  }

  /** What the firewall must let pass: not whom an administrator has blocked, nor a session that began behind a block. */
  passing(isBlocked = (text: string) => this.blocks.stands(text)): string[] {
    const isOrdered = (text: string) => {
      const entry = isBlocked(text) ? this.blocks.find(text) : undefined;
      return entry !== undefined && isByHand(entry.block);
    };
    return this.allowList.never.prefixes(isBlocked).filter((text) => !isOrdered(text));
  }

  /** Whether a network can be blocked while addresses in it pass. */
  get #sparesInside(): boolean {
    return (
      SPARING_METHODS.has(this.#method.name) && !this.usesCommand && this.blocks.hostsDenyTemplate === null
    );
  }

  #makeResponder(): void {
    this.#responder = this.#assembly.makeResponder(this.#config, this.#method.forPolicy1);
  }

  /** Whether the source has a block that is gone, and is made again without a new decision. */
  #isMadeAgain(source: string): boolean {
    const entry = this.blocks.covering(parseAddress(source) as Address, source);
    if (entry === undefined) return false;
    if (entry.method === 'hosts.deny') {
      // A person has taken the line out: the source is blocked anew, like any other.
      this.blocks.suspend(entry);
      return false;
    }
    if (entry.method !== 'command') void this.#upkeep.verify();
    return true;
  }

  /** `former` is the configuration before a reload, whose UNKILL_ROUTE may be the only undo. */
  #restore(former?: Config): Promise<void> {
    const methods = (['tcp', 'udp'] as const).flatMap((transport: ModeTransport) => {
      return methodOf(this.countermeasureFor(transport)) ?? [];
    });
    const today: Today = {
      methods,
      methodFor: ({ cause, family }) => {
        if (cause.kind === 'manual') return this.blocksSources ? this.#method.name : null;
        return methodOf(this.countermeasureFor(cause.transport, family));
      },
      formerUndo: former === undefined ? undefined : (block) => undoOf(former, block),
    };
    return restoreBlocks(this.#assembly, today);
  }

  /** Releases what the never-block list spares now, and tells the firewall. */
  async #applyAllowList(): Promise<void> {
    await this.blocks.releaseSpared();
    await this.#upkeep.spare();
  }
}

/** Runs UNKILL_ROUTE of a configuration that is no longer in force. */
async function undoOf(config: Config, block: Block): Promise<Failure> {
  if (unkillRouteFor(config, block.family) === null) return NO_UNDO;
  const backend = new CommandBackend(config);
  try {
    return await backend.release(block);
  } finally {
    await backend.close();
  }
}
