import type { Failure } from '../commands/failure.ts';
import type { Config } from '../config/config.ts';
import type { Block, BlockCause } from '../firewall/block.ts';
import type { BackendPool } from '../firewall/pool.ts';
import type { BlockEnd, LedgerEntry, LedgerMethod } from '../ledger/entry.ts';
import type { BlockMemory } from '../ledger/memory.ts';
import type { Address } from '../net/address.ts';
import { type Prefix, parsePrefix } from '../net/prefix.ts';
import type { ProbeDetails } from '../track/event.ts';
import type { Evidence } from '../track/evidence.ts';
import { type BlockState, backendOf, blockState, isByHand, whyNoUndo } from './block-state.ts';
import type { UnblockEvent } from './event.ts';
import { allowInHostsFile } from './hosts-deny.ts';
import { Neighbours } from './neighbours.ts';
import { type Planning, planBlock, planBlockByHand } from './plan-block.ts';
import { Sight } from './sight.ts';
import { StandingBlocks } from './standing.ts';
import { takeBack } from './take-back.ts';

/**
 * The most blocks that stand at a time. A source that forges addresses for days, below BLOCK_RATE_MAX, can reach it;
 * then each new block releases the one that has stood longest, so that a new scanner can still be blocked.
 */
export const MAX_BLOCKS = 131_072;

/** The pause before the release of a block that could not be released is tried again. */
const RELEASE_PAUSE_MS = 60_000;

/** What the blocks work with. */
export interface BlocksParts {
  readonly config: Config;
  readonly memory: BlockMemory;
  readonly backends: BackendPool;
  readonly hostsDenyPath: string;
  /** Names the boot and the network namespace: the kernel's rules end with either. */
  readonly boot: string;
  /** The never-block rule that a block of this network would break. */
  readonly ruleFor: (network: Prefix) => string | null;
  /** The never-block rule for which a block of this network that stands is lifted; by default that of `ruleFor`. */
  readonly ruleThatLifts?: (network: Prefix) => string | null;
  /** The daemon's clock, which never steps; in ms since the epoch. */
  readonly now: () => number;
  readonly onEnd: (event: UnblockEvent) => void;
  /** Gets one line for the administrator. */
  readonly tell: (text: string) => void;
}

/** The blocked sources, since when and until when: decides on targets and ends, keeps the record, and releases blocks. */
export class Blocks {
  /** What was seen of the standing blocks. */
  readonly sight: Sight;
  readonly #parts: BlocksParts;
  readonly #standing: StandingBlocks;
  /** The targets whose blocks are being made; the queue of actions bounds their number. */
  readonly #underWay: Neighbours;
  #config: Config;
  /** When the first of the standing blocks ends, in ms since the epoch; `tick` searches none before. */
  #nextEndMs = Number.NEGATIVE_INFINITY;
  /** The releases that failed, by target: when each is tried again, in ms since the epoch, and as what. */
  readonly #retries = new Map<string, { atMs: number; how: BlockEnd; rule: string | null }>();
  readonly #releasing = new Map<LedgerEntry, Promise<Failure>>();

  constructor(parts: BlocksParts) {
    this.#parts = parts;
    this.#config = parts.config;
    this.#standing = new StandingBlocks(parts.config.blockIpv6Prefix);
    this.#underWay = new Neighbours(parts.config.blockIpv6Prefix);
    this.sight = new Sight({
      ...parts,
      listed: async (method) => {
        const listed = await (await parts.backends.get(backendOf(method))).list();
        return new Set(listed?.map(({ target }) => target));
      },
      standing: () => this.standing(),
    });
  }

  /** How many blocks stand: they were put in force, by this run or a former one. */
  get size(): number {
    return this.#standing.size;
  }

  /** How many of them are of IPv4 addresses and networks. */
  get sizeV4(): number {
    return this.#standing.sizeV4;
  }

  /** How many have not ended, in force or not. */
  get dueCount(): number {
    return this.#parts.memory.due;
  }

  /** The blocks that stand, the one that has stood longest first. */
  standing(): IterableIterator<LedgerEntry> {
    return this.#standing.values();
  }

  /** The blocks that have not ended, in force or not, the oldest first. */
  *due(): Generator<LedgerEntry> {
    for (const entry of this.#parts.memory.entries.values()) if (entry.ended === null) yield entry;
  }

  /** Takes over another configuration; blocks stay as they are. */
  configure(config: Config): void {
    this.#config = config;
    this.#standing.regroup(config.blockIpv6Prefix);
    this.#underWay.regroup(config.blockIpv6Prefix, []);
  }

  /** The block that covers an address, whose canonical text is `text`. */
  covering(address: Address, text: string): LedgerEntry | undefined {
    return this.#standing.covering(address, text);
  }

  /** What is true of a block, as far as the last look saw it. Nothing else in the program decides any of it. */
  stateOf(entry: LedgerEntry): BlockState {
    return blockState(entry, this.#config, this.sight);
  }

  /** The newest block of a target, in force or not. */
  find(target: string): LedgerEntry | undefined {
    return this.#parts.memory.entries.get(target);
  }

  /** KILL_HOSTS_DENY. */
  get hostsDenyTemplate(): string | null {
    return this.#config.killHostsDeny;
  }

  /** Plans the block for a probe: of the address, or of its network (`planBlock`). */
  plan(details: ProbeDetails, connects: number, evidence: Evidence = 'spoofable'): Block {
    return planBlock(this.#planning, details, connects, evidence);
  }

  /** A block of this target is being made from now on, until `made`. */
  begins(target: string): void {
    this.#underWay.add(target);
  }

  /** A block of this target is made, or has failed. */
  made(target: string): void {
    this.#underWay.delete(target);
  }

  /** Plans a block by hand of `lengthMs`; null means no end, undefined the configured length. */
  planByHand(target: string, cause: BlockCause, lengthMs: number | null | undefined): Block {
    return planBlockByHand(this.#planning, target, cause, lengthMs);
  }

  /** The never-block rule that the block would break; null when there is none. */
  ruleFor({ target }: Pick<Block, 'target'>): string | null {
    return this.#parts.ruleFor(parsePrefix(target) as Prefix);
  }

  /** Records the decision before its outcome is known, so that the next start knows of a block that has begun. */
  decide(block: Block, method: LedgerMethod): void {
    this.#parts.memory.decide(block, method, this.#parts.boot);
  }

  /** Puts a block in force by this method, which is not hosts.deny. */
  async enforce(block: Block, method: LedgerMethod, signal?: AbortSignal): Promise<Failure> {
    // An administrator may block whom a rule spares, and the order outlasts a restart.
    const rule = isByHand(block) ? null : this.ruleFor(block);
    if (rule !== null) return `never blocked: ${rule}`;
    try {
      const backend = await this.#parts.backends.get(backendOf(method));
      return await backend.block(block, signal);
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** Records that a block is in force; `wrappersLine` is the line added to hosts.deny for it now, if any. */
  confirm({ target }: Block, wrappersLine: string | null): void {
    const { memory, boot } = this.#parts;
    memory.confirm(target, boot, wrappersLine ?? undefined);
    const entry = memory.entries.get(target);
    if (entry === undefined) return;
    this.#stand(entry);
    this.#replaceNeighbours(target);
    if (this.#standing.size > MAX_BLOCKS) this.#evict();
  }

  /** Records that another method holds the block now; `hasRemnant` as in `LedgerEntry`. */
  rebind({ target }: Block, method: LedgerMethod, hasRemnant: boolean): void {
    const { memory, boot } = this.#parts;
    memory.rebind(target, method, boot, hasRemnant);
    const entry = memory.entries.get(target);
    if (entry !== undefined) this.#stand(entry);
  }

  /** Records that a block could not be put in force. */
  fail({ target }: Block): void {
    const { memory, now } = this.#parts;
    memory.end(target, 'failed', now());
  }

  /** Counts a block of a former run as standing, before it is known to be in force. */
  resume(entry: LedgerEntry): void {
    this.#stand(entry);
  }

  /** No longer counts a block as standing. It stays due: the next start or the source's next probe tries it again. */
  suspend({ block }: LedgerEntry): void {
    this.#standing.delete(block.target);
    this.sight.forget(block.target);
  }

  /** Must be called every second: ends the blocks whose time is over. `now` in ms since the epoch. */
  tick(now: number): void {
    if (now < this.#nextEndMs) return;
    let next = Number.POSITIVE_INFINITY;
    for (const entry of this.#standing.values()) {
      const end = this.#dueAt(entry);
      if (end <= now) void this.#expire(entry, now);
      else if (end < next) next = end;
    }
    this.#nextEndMs = Math.min(next, now + RELEASE_PAUSE_MS);
  }

  /** Releases a block and ends its record. Resolves to the reason when that failed; the block is kept then. */
  release(entry: LedgerEntry, how: BlockEnd, rule: string | null = null): Promise<Failure> {
    const underWay = this.#releasing.get(entry);
    if (underWay !== undefined) return underWay;
    const released = this.#takeBack(entry).then((failure) => {
      this.#releasing.delete(entry);
      if (failure === null) this.#end(entry, how, rule);
      return failure;
    });
    this.#releasing.set(entry, released);
    return released;
  }

  /** Ends the record of a block whose rule is gone by itself, or cannot be undone here. */
  async forget(entry: LedgerEntry, how: BlockEnd): Promise<void> {
    const { hostsDenyPath, tell } = this.#parts;
    const failure = entry.wrappersLine && (await allowInHostsFile(hostsDenyPath, [entry.wrappersLine]));
    if (failure) tell(`The line of ${entry.block.target} could not be taken out of hosts.deny: ${failure}`);
    this.#end(entry, how, null);
  }

  /** Releases the block of a source that turned out to be a decoy: of its own address, not of its network. */
  async releaseDecoy(source: string): Promise<void> {
    const entry = this.#standing.get(source);
    if (entry === undefined) return;
    if (this.stateOf(entry).undo !== null) await this.#releaseOrReport(entry, 'decoy', null);
    else this.#parts.tell(`The block of ${source} stays, though it is a decoy: ${whyNoUndo(entry)}.`);
  }

  /** Whether this very target has a block that stands. */
  stands(target: string): boolean {
    return this.#standing.get(target) !== undefined;
  }

  /**
   * Releases the blocks that a never-block rule spares now: not those by hand, and none because its target has logged in
   * or was connected to since.
   */
  async releaseSpared(): Promise<void> {
    const { ruleFor, ruleThatLifts = ruleFor } = this.#parts;
    const spared = [...this.#standing.values()].flatMap((entry) => {
      if (isByHand(entry.block)) return [];
      const rule = ruleThatLifts(parsePrefix(entry.block.target) as Prefix);
      return rule === null ? [] : [{ entry, rule }];
    });
    await Promise.all(spared.map(({ entry, rule }) => this.#releaseOrReport(entry, 'spared', rule)));
  }

  get #planning(): Planning {
    return {
      config: this.#config,
      now: this.#parts.now(),
      timesOf: (target) => this.find(target)?.times ?? 0,
      neighbours: (network) => [...this.#standing.neighbours(network), ...this.#underWay.of(network)],
      ruleFor: (network) => this.ruleFor({ target: network }),
    };
  }

  #stand(entry: LedgerEntry): void {
    this.#standing.set(entry);
    this.sight.confirm(entry, this.#parts.now());
    this.#nextEndMs = Math.min(this.#nextEndMs, this.#dueAt(entry));
  }

  /** Releases single addresses in a network that is now blocked as a whole. */
  #replaceNeighbours(target: string): void {
    for (const neighbour of this.#standing.neighbours(target)) {
      const entry = this.#standing.get(neighbour);
      if (entry !== undefined) void this.#releaseOrReport(entry, 'replaced', null);
    }
  }

  #evict(): void {
    for (const entry of this.#standing.values()) {
      void this.#releaseOrReport(entry, 'evicted', null);
      return;
    }
  }

  /** When `tick` must act on a block, in ms since the epoch. */
  #dueAt(entry: LedgerEntry): number {
    const retry = this.#retries.get(entry.block.target);
    if (retry !== undefined) return retry.atMs;
    return entry.block.until ?? Number.POSITIVE_INFINITY;
  }

  async #expire(entry: LedgerEntry, now: number): Promise<void> {
    // A block that cannot be released stays in force, and its source counts as blocked, until the next boot.
    const { target } = entry.block;
    const { how, rule } = this.#retries.get(target) ?? { how: 'expired', rule: null };
    this.#retries.set(target, { atMs: now + RELEASE_PAUSE_MS, how, rule });
    if (this.stateOf(entry).undo !== null) await this.#releaseOrReport(entry, how, rule);
  }

  async #releaseOrReport(entry: LedgerEntry, how: BlockEnd, rule: string | null): Promise<void> {
    const failure = await this.release(entry, how, rule);
    if (failure === null) return;
    const { target } = entry.block;
    this.#retries.set(target, { atMs: this.#parts.now() + RELEASE_PAUSE_MS, how, rule });
    const then =
      this.stateOf(this.find(target) ?? entry).undo === null ? 'take it back yourself' : 'it is tried again';
    this.#parts.tell(`The block of ${target} could not be taken back: ${failure}; ${then}.`);
  }

  async #takeBack(entry: LedgerEntry): Promise<Failure> {
    const failure = await takeBack(this.#parts, entry, this.stateOf(entry));
    if (failure !== null || !entry.hasRemnant || entry.boot !== this.#parts.boot) return failure;
    const remnant = { ...entry, method: 'command', hasRemnant: false, wrappersLine: null } as const;
    const stays = await takeBack(this.#parts, remnant, this.stateOf(remnant));
    // The method of today has released the target, and an earlier KILL_ROUTE holds it.
    if (stays !== null) this.rebind(entry.block, 'command', false);
    return stays;
  }

  #end(entry: LedgerEntry, how: BlockEnd, rule: string | null): void {
    const { memory, now, onEnd } = this.#parts;
    const { target } = entry.block;
    this.#retries.delete(target);
    // The target may have been blocked again while this block was released.
    if (this.#standing.get(target) === entry) {
      this.#standing.delete(target);
      this.sight.forget(target);
    }
    memory.end(target, how, now());
    onEnd({ action: 'unblock', time: now(), entry, how, rule });
  }
}
