import type { Failure } from '../commands/failure.ts';
import type { BlockMethod, Config } from '../config/config.ts';
import { unkillRouteFor } from '../config/kill-route.ts';
import type { Block, BlockCause } from '../firewall/block.ts';
import type { BackendPool } from '../firewall/pool.ts';
import type { BlockEnd, LedgerEntry } from '../ledger/entry.ts';
import type { BlockMemory } from '../ledger/memory.ts';
import type { Address } from '../net/address.ts';
import { type Prefix, parsePrefix } from '../net/prefix.ts';
import { isAmongStrangers } from '../net/shared-networks.ts';
import type { ProbeDetails } from '../track/event.ts';
import { endOfBlock } from './block-time.ts';
import type { UnblockEvent } from './event.ts';
import { allowInHostsFile } from './hosts-deny.ts';
import { networkOf, StandingBlocks } from './standing.ts';

/**
 * Blocks that stand at a time. Whoever forges sources for days, below BLOCK_RATE_MAX, fills it; then the block
 * that has stood longest is taken back for each new one, so that a scanner of today can be shut out.
 */
export const MAX_BLOCKS = 131_072;

/** How long (ms) a block that could not be taken back is let be before that is tried again. */
const RELEASE_PAUSE = 60_000;

export interface BlocksParts {
  readonly config: Config;
  readonly memory: BlockMemory;
  readonly backends: BackendPool;
  readonly hostsDenyPath: string;
  /** Names the boot and the network namespace: what is in force in the kernel goes with either. */
  readonly boot: string;
  /** The never-block rule that a block of this network would break. */
  readonly ruleFor: (network: Prefix) => string | null;
  /** The wall clock, ms since the epoch. */
  readonly now: () => number;
  readonly onEnd: (event: UnblockEvent) => void;
  /** Gets one line for the administrator. */
  readonly tell: (text: string) => void;
}

/** Who is blocked, since when and until when: decides on targets and ends, remembers, and takes blocks back. */
export class Blocks {
  readonly #parts: BlocksParts;
  readonly #standing: StandingBlocks;
  #config: Config;
  /** When the first of the standing blocks ends; nothing is looked through before. */
  #nextEnd = Number.NEGATIVE_INFINITY;
  /** Blocks that could not be taken back, and when that is tried again. */
  readonly #pauses = new Map<string, number>();
  readonly #releasing = new Map<LedgerEntry, Promise<Failure>>();

  constructor(parts: BlocksParts) {
    this.#parts = parts;
    this.#config = parts.config;
    this.#standing = new StandingBlocks(parts.config.blockIpv6Prefix);
  }

  /** Blocks that stand. */
  get size(): number {
    return this.#standing.size;
  }

  /** The blocks that stand, from the one that has stood longest. */
  standing(): IterableIterator<LedgerEntry> {
    return this.#standing.values();
  }

  /** The blocks that are due, in force or not, from the oldest. */
  *due(): Generator<LedgerEntry> {
    for (const entry of this.#parts.memory.entries.values()) if (entry.ended === null) yield entry;
  }

  configure(config: Config): void {
    this.#config = config;
    this.#standing.regroup(config.blockIpv6Prefix);
  }

  /** The block that covers an address, whose canonical text is `text`. */
  covering(address: Address, text: string): LedgerEntry | undefined {
    return this.#standing.covering(address, text);
  }

  /** What is known of a target, in force or not. */
  find(target: string): LedgerEntry | undefined {
    return this.#parts.memory.entries.get(target);
  }

  /** The block that a probe leads to: of the address, or of its network when a neighbour is blocked already. */
  plan(details: ProbeDetails, connects: number): Block {
    const { mode, kind, transport, destinationPort, source, family } = details;
    const cause = { mode, kind, transport, destinationPort, connects, note: null };
    return this.#block(this.#targetFor(source, family), family, cause);
  }

  /** The block that an administrator wants, `length` ms long; null is for ever, undefined as long as usual. */
  planByHand(target: string, cause: BlockCause, length: number | null | undefined): Block {
    const family = target.includes(':') ? 6 : 4;
    const block = this.#block(target, family, cause);
    if (length === undefined) return block;
    return { ...block, until: length === null ? null : block.since + length };
  }

  /** The never-block rule that the block would break; null when it may be. */
  ruleFor({ target }: Pick<Block, 'target'>): string | null {
    return this.#parts.ruleFor(parsePrefix(target) as Prefix);
  }

  /** It is decided and remembered, whatever comes of it: in the turn in which it is begun, the next start knows of it. */
  decide(block: Block, method: BlockMethod): void {
    this.#parts.memory.decide(block, method, this.#parts.boot);
  }

  /** Puts it in force by its method. */
  async enforce(block: Block, method: BlockMethod, signal?: AbortSignal): Promise<Failure> {
    const rule = this.ruleFor(block);
    if (rule !== null) return `never blocked: ${rule}`;
    try {
      const { backends } = this.#parts;
      return await (backends.ready(method) ?? (await backends.get(method))).block(block, signal);
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** It is in force; `wrappersLine` is what was added to hosts.deny for it. */
  confirm({ target }: Block, wrappersLine: string | null): void {
    const { memory, boot } = this.#parts;
    memory.confirm(target, boot, wrappersLine);
    const entry = memory.entries.get(target);
    if (entry === undefined) return;
    this.#stand(entry);
    this.#replaceNeighbours(target);
    if (this.#standing.size > MAX_BLOCKS) this.#evict();
  }

  /** It could not be put in force. */
  fail({ target }: Block): void {
    const { memory, now } = this.#parts;
    memory.end(target, 'failed', now());
  }

  /** A block of a former run that is due: its source counts as blocked from now on. */
  resume(entry: LedgerEntry): void {
    this.#stand(entry);
  }

  /** It is not in force after all; it stays due, for the next start or the source's next probe. */
  suspend({ block }: LedgerEntry): void {
    this.#standing.delete(block.target);
  }

  /** To be called every second: ends what is due to end. */
  tick(now: number): void {
    if (now < this.#nextEnd) return;
    let next = Number.POSITIVE_INFINITY;
    for (const entry of this.#standing.values()) {
      const end = this.#endOf(entry);
      if (end <= now) void this.#expire(entry, now);
      else if (end < next) next = end;
    }
    this.#nextEnd = Math.min(next, now + RELEASE_PAUSE);
  }

  /** Takes a block back and forgets it; resolves to why it could not be taken back. It is kept then. */
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

  /** Forgets a block whose rule is gone by itself, or can be taken back by nobody here. */
  async forget(entry: LedgerEntry, how: BlockEnd): Promise<void> {
    const { hostsDenyPath, tell } = this.#parts;
    const failure = entry.wrappersLine && (await allowInHostsFile(hostsDenyPath, [entry.wrappersLine]));
    if (failure) tell(`The line of ${entry.block.target} could not be taken out of hosts.deny: ${failure}`);
    this.#end(entry, how, null);
  }

  /** Whether its method has an undo: KILL_ROUTE has none without an UNKILL_ROUTE. */
  canTakeBack({ method, block }: LedgerEntry): boolean {
    return method !== 'command' || unkillRouteFor(this.#config, block.family) !== null;
  }

  /** Takes the block of a source back that turned out to be a decoy: of its own address, not of its network. */
  async releaseDecoy(source: string): Promise<void> {
    const entry = this.#standing.get(source);
    if (entry === undefined) return;
    if (this.canTakeBack(entry)) await this.#releaseOrTell(entry, 'decoy', null);
    else this.#parts.tell(`The block of ${source} stays, though it is a decoy: there is no UNKILL_ROUTE.`);
  }

  /** Takes back what a rule spares now that spared it not when it was blocked. */
  async releaseSpared(): Promise<void> {
    const spared = [...this.#standing.values()].flatMap((entry) => {
      const rule = this.ruleFor(entry.block);
      return rule === null ? [] : [{ entry, rule }];
    });
    await Promise.all(spared.map(({ entry, rule }) => this.#releaseOrTell(entry, 'spared', rule)));
  }

  #block(target: string, family: 4 | 6, cause: BlockCause): Block {
    const since = this.#parts.now();
    const times = (this.find(target)?.times ?? 0) + 1;
    return { target, family, since, until: endOfBlock(this.#config, times, since), cause };
  }

  /**
   * An IPv6 host has all of a /64 to send from (RFC 4941 makes it change by itself), so the second address is
   * taken for the same host. A network that holds anybody who is never blocked is left to single addresses.
   */
  #targetFor(source: string, family: 4 | 6): string {
    const bits = this.#config.blockIpv6Prefix;
    if (family === 4 || bits === 128) return source;
    const network = networkOf(source, bits);
    if (this.#standing.neighbours(network).every((neighbour) => neighbour === source)) return source;
    const { address } = parsePrefix(network) as Prefix;
    return this.ruleFor({ target: network }) === null && !isAmongStrangers(address) ? network : source;
  }

  #stand(entry: LedgerEntry): void {
    this.#standing.set(entry);
    this.#nextEnd = Math.min(this.#nextEnd, this.#endOf(entry));
  }

  /** Single addresses in a network that is blocked as a whole now. */
  #replaceNeighbours(target: string): void {
    for (const neighbour of this.#standing.neighbours(target)) {
      const entry = this.#standing.get(neighbour);
      if (entry !== undefined) void this.#releaseOrTell(entry, 'replaced', null);
    }
  }

  #evict(): void {
    for (const entry of this.#standing.values()) {
      void this.#releaseOrTell(entry, 'evicted', null);
      return;
    }
  }

  /** When something is to be done about its end, ms. */
  #endOf(entry: LedgerEntry): number {
    const pause = this.#pauses.get(entry.block.target);
    if (pause !== undefined) return pause;
    return entry.block.until ?? Number.POSITIVE_INFINITY;
  }

  async #expire(entry: LedgerEntry, now: number): Promise<void> {
    // What cannot be taken back stays in force, and its source counts as blocked, until the next boot.
    this.#pauses.set(entry.block.target, now + RELEASE_PAUSE);
    if (this.canTakeBack(entry)) await this.#releaseOrTell(entry, 'expired', null);
  }

  async #releaseOrTell(entry: LedgerEntry, how: BlockEnd, rule: string | null): Promise<void> {
    const failure = await this.release(entry, how, rule);
    if (failure === null) return;
    const { target } = entry.block;
    this.#pauses.set(target, this.#parts.now() + RELEASE_PAUSE);
    this.#parts.tell(`The block of ${target} could not be taken back: ${failure}; it is tried again.`);
  }

  async #takeBack({ block, method, wrappersLine }: LedgerEntry): Promise<Failure> {
    try {
      const failure =
        method === 'none' ? null : await (await this.#parts.backends.get(method)).release(block);
      if (failure !== null || wrappersLine === null) return failure;
      return await allowInHostsFile(this.#parts.hostsDenyPath, [wrappersLine]);
    } catch (error) {
      return (error as Error).message;
    }
  }

  #end(entry: LedgerEntry, how: BlockEnd, rule: string | null): void {
    const { memory, now, onEnd } = this.#parts;
    const { target } = entry.block;
    this.#pauses.delete(target);
    // It may have been blocked anew while it was taken back.
    if (this.#standing.get(target) === entry) this.#standing.delete(target);
    memory.end(target, how, now());
    onEnd({ action: 'unblock', time: now(), entry, how, rule });
  }
}
