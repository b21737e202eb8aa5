import type { Failure } from '../../commands/failure.ts';
import { runTool } from '../../commands/tool.ts';
import type { Backend, ListedBlock, Opened } from '../backend.ts';
import { Batcher, type Change } from '../batch.ts';
import type { Block } from '../block.ts';
import { familiesHere } from '../families.ts';
import { Carrier, LOST } from './carrier.ts';
import { Firewall } from './firewall.ts';
import { readBlocks } from './listing.ts';
import { nameOf, STANDING } from './sets.ts';
import { GONE, IPSET } from './words.ts';

/** Changes of one question: 100 ms of work here. */
const MAX_BATCH = 4_096;

export interface IpsetOptions {
  /** Ms since the epoch. */
  readonly now: () => number;
  /** A block found others gone, and has been put in force alone. */
  readonly onLost?: (() => void) | undefined;
  /** Told in one line what went wrong at the end. */
  readonly tell?: ((text: string) => void) | undefined;
}

/** Sets with time-outs, and one rule of iptables and one of ip6tables that look into them. */
export class IpsetBackend implements Backend {
  readonly method = 'ipset';
  readonly #options: IpsetOptions;
  readonly #firewall = new Firewall();
  readonly #carrier: Carrier;
  readonly #batcher: Batcher;

  constructor(options: IpsetOptions) {
    this.#options = options;
    this.#carrier = new Carrier(options.now);
    this.#batcher = new Batcher((changes) => this.#send(changes), MAX_BATCH, options.now);
  }

  /** The process that is kept open, while there is one. */
  get pid(): number | undefined {
    return this.#carrier.pid;
  }

  async open(): Promise<Opened> {
    const opened = await this.#firewall.open();
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

  /** By processes of their own, so that blocks need not wait for them. */
  async list(): Promise<readonly ListedBlock[]> {
    const names = STANDING.filter(({ role }) => role === 'block').map(nameOf);
    return (await Promise.all(names.map((name) => this.#listOf(name)))).flat();
  }

  spare(prefixes: readonly string[]): Promise<Failure> {
    return this.#firewall.spare(prefixes);
  }

  async close(blocks: 'keep' | 'release'): Promise<void> {
    await this.#carrier.close();
    if (blocks === 'keep') return;
    const failure = await this.#firewall.remove();
    if (failure !== null) this.#options.tell?.(failure);
  }

  async #listOf(name: string): Promise<ListedBlock[]> {
    const { failure, stdout, stderr } = await runTool(IPSET, ['save', name]);
    if (failure !== null && GONE.test(stderr)) return [];
    if (failure !== null) throw new Error(failure);
    return readBlocks(stdout, this.#options.now());
  }

  async #send(changes: readonly Change[]): Promise<readonly Failure[]> {
    try {
      const families = familiesHere();
      const results = await this.#carrier.carry(changes, families);
      if (!results.includes(LOST)) return results;
      if ((await this.#firewall.open()) === 'made') this.#options.onLost?.();
      return await this.#carrier.carry(changes, families);
    } catch (error) {
      return changes.map(() => (error as Error).message);
    }
  }
}
