import type { Failure } from '../../commands/failure.ts';
import { runTool } from '../../commands/tool.ts';
import { GONE, NFT, NO_LISTING } from '../../nft/words.ts';
import type { Backend, ListedBlock, Opened } from '../backend.ts';
import { Batcher, type Change } from '../batch.ts';
import type { Block } from '../block.ts';
import { Carrier, LOST } from './carrier.ts';
import { readBlocks } from './listing.ts';
import { Remembered } from './remembered.ts';
import { TABLE } from './sets.ts';
import { Table } from './table.ts';

/** Changes of one transaction, which nobody else's firewall command can overtake: 60 ms of work here. */
const MAX_BATCH = 8_192;

export interface NftablesOptions {
  /** The length of prefix by which IPv6 sources are blocked. */
  readonly ipv6Prefix: number;
  /** Ms since the epoch. */
  readonly now: () => number;
  /** A block found all blocks gone, and has been put in force alone. */
  readonly onLost?: (() => void) | undefined;
  /** Told in one line what went wrong at the end. */
  readonly tell?: ((text: string) => void) | undefined;
}

/** Sets with time-outs in a table of our own. */
export class NftablesBackend implements Backend {
  readonly method = 'nftables';
  readonly #options: NftablesOptions;
  readonly #remembered = new Remembered();
  readonly #table: Table;
  readonly #carrier: Carrier;
  readonly #batcher: Batcher;

  constructor(options: NftablesOptions) {
    this.#options = options;
    this.#table = new Table(this.#remembered, options.ipv6Prefix);
    this.#carrier = new Carrier(this.#remembered, options.now);
    this.#batcher = new Batcher((changes) => this.#send(changes), MAX_BATCH, options.now);
  }

  /** The process that is kept open, while there is one. */
  get pid(): number | undefined {
    return this.#carrier.pid;
  }

  async open(): Promise<Opened> {
    const opened = await this.#table.open();
    const failure = await this.#carrier.start();
    if (failure !== null) throw new Error(failure);
    return opened;
  }

  block(block: Block, signal?: AbortSignal): Promise<Failure> {
    return this.#batcher.block(block, signal);
  }

  release(block: Block, signal?: AbortSignal): Promise<Failure> {
    return this.#batcher.release(block, signal);
  }

  /** By a process of its own, so that blocks need not wait for it. */
  async list(): Promise<readonly ListedBlock[]> {
    const { failure, stdout, stderr } = await runTool(NFT, ['-j', 'list', 'table', ...TABLE.split(' ')]);
    if (failure !== null && GONE.test(stderr)) return [];
    if (failure !== null) throw new Error(failure);
    const blocks = readBlocks(stdout, this.#options.now());
    if (blocks === null) throw new Error(NO_LISTING);
    this.#remembered.complete(blocks.map(({ target }) => target));
    return blocks;
  }

  spare(prefixes: readonly string[]): Promise<Failure> {
    return this.#table.spare(prefixes);
  }

  async close(blocks: 'keep' | 'release'): Promise<void> {
    await this.#carrier.close();
    if (blocks === 'keep') return;
    const failure = await this.#table.remove();
    if (failure !== null) this.#options.tell?.(failure);
  }

  async #send(changes: readonly Change[]): Promise<readonly Failure[]> {
    try {
      const blocked = changes.filter(({ verb }) => verb === 'block').map(({ target }) => target);
      if (!blocked.every((target) => this.#table.has(target))) {
        this.#noticeLoss(await this.#table.ensure(blocked));
      }
      const results = await this.#carry(changes);
      if (!results.includes(LOST)) return results;
      this.#noticeLoss(await this.#table.open());
      return await this.#carry(changes);
    } catch (error) {
      return changes.map(() => (error as Error).message);
    }
  }

  #noticeLoss(opened: Opened): void {
    if (opened === 'made') this.#options.onLost?.();
  }

  /** A release that has no set has no block. */
  async #carry(changes: readonly Change[]): Promise<readonly Failure[]> {
    const real = changes.filter(({ target }) => this.#table.has(target));
    if (real.length === 0) return changes.map(() => null);
    const results = await this.#carrier.carry(real);
    if (real.length === changes.length) return results;
    const byTarget = new Map(real.map(({ target }, index) => [target.text, results[index] as Failure]));
    return changes.map(({ target }) => byTarget.get(target.text) ?? null);
  }
}
