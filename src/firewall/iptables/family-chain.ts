import { type Failure, failureOf, throwOn } from '../../commands/failure.ts';
import type { Opened } from '../backend.ts';
import { applyTo, type Change } from '../batch.ts';
import type { Family } from '../families.ts';
import { changeRaw, rawRules } from '../raw-table.ts';
import { SerialQueue } from '../serial-queue.ts';
import type { Target } from '../target.ts';
import {
  type ChainState,
  changeCommands,
  readChain,
  removalCommands,
  repairCommands,
  spareCommands,
} from './chain.ts';

/** Our chain in the raw table of one family. */
export class FamilyChain {
  readonly family: Family;
  readonly #queue = new SerialQueue();
  /** Targets that are dropped, by the last listing and the changes since; null before the first listing. */
  #dropped: Set<string> | null = null;
  #spared: readonly Target[] = [];

  constructor(family: Family) {
    this.family = family;
  }

  /** Creates what is missing; `made` also when others removed rules. Rejects with a one-line reason. */
  open(): Promise<Opened> {
    return this.#queue.run(() => this.#repair());
  }

  /** Applies all changes or none; `lost` when earlier blocks were found gone. Never rejects. */
  change(changes: readonly Change[]): Promise<{ failure: Failure; lost: boolean }> {
    if (changes.length === 0) return Promise.resolve({ failure: null, lost: false });
    return this.#queue.run(async () => {
      if (this.#dropped !== null && (await this.#apply(changes, this.#dropped)) === null)
        return { failure: null, lost: false };
      // What is known here may be out of date.
      try {
        const lost = (await this.#repair()) === 'made';
        return { failure: await this.#apply(changes, this.#dropped ?? new Set()), lost };
      } catch (error) {
        return { failure: (error as Error).message, lost: false };
      }
    });
  }

  /** The targets that are dropped. Rejects with a one-line reason. */
  list(): Promise<string[]> {
    return this.#queue.run(async () => [...(await this.#read()).blocks.keys()]);
  }

  /** Replaces the targets that pass whatever is dropped. Never rejects. */
  spare(targets: readonly Target[]): Promise<Failure> {
    this.#spared = targets;
    return failureOf(
      this.#queue.run(async () => {
        await this.#repair();
        await this.#applySpared();
      }),
    );
  }

  /** Removes the chain and the rule that leads to it. Never rejects. */
  remove(): Promise<Failure> {
    return failureOf(
      this.#queue.run(async () => {
        this.#dropped = null;
        throwOn(await changeRaw(this.family, removalCommands(await this.#read())));
      }),
    );
  }

  async #read(): Promise<ChainState> {
    return readChain(await rawRules(this.family));
  }

  async #repair(): Promise<Opened> {
    const state = await this.#read();
    throwOn(await changeRaw(this.family, repairCommands(state)));
    const known = this.#dropped ?? new Set();
    const isWhole = state.hasChain && state.jumps > 0;
    const lost = [...known].some((target) => !state.blocks.has(target));
    this.#dropped = new Set(state.blocks.keys());
    if (!isWhole || state.passes.length < this.#spared.length) await this.#applySpared();
    return isWhole && !lost ? 'found' : 'made';
  }

  async #applySpared(): Promise<void> {
    throwOn(await changeRaw(this.family, spareCommands(await this.#read(), this.#spared)));
  }

  async #apply(changes: readonly Change[], dropped: Set<string>): Promise<Failure> {
    const failure = await changeRaw(this.family, changeCommands(changes, dropped));
    applyTo(
      dropped,
      changes,
      changes.map(() => failure),
    );
    return failure;
  }
}
