import type { Failure } from '../../commands/failure.ts';
import type { Opened } from '../backend.ts';
import type { Change } from '../batch.ts';
import type { Family } from '../families.ts';
import { changeRaw, rawRules } from '../raw-table.ts';
import type { Target } from '../target.ts';
import { Turns } from '../turns.ts';
import { changeCommands, passCommands, readStanding, removal, repairs } from './chain.ts';

/** Our chain in the table of one family. */
export class FamilyChain {
  readonly family: Family;
  readonly #turns = new Turns();
  /** Targets that are dropped, by the last look and what was done since; null before the first. */
  #dropped: Set<string> | null = null;
  #spared: readonly Target[] = [];

  constructor(family: Family) {
    this.family = family;
  }

  /** Makes what is missing; `made` too when somebody has taken rules away. Rejects with a one-line reason. */
  open(): Promise<Opened> {
    return this.#turns.take(() => this.#arrange());
  }

  /** All of the changes or none; `lost` when others were found gone meanwhile. Never rejects. */
  change(changes: readonly Change[]): Promise<{ failure: Failure; lost: boolean }> {
    if (changes.length === 0) return Promise.resolve({ failure: null, lost: false });
    return this.#turns.take(async () => {
      if (this.#dropped !== null && (await this.#carry(changes, this.#dropped)) === null)
        return { failure: null, lost: false };
      // What is known here is not so any more.
      try {
        const lost = (await this.#arrange()) === 'made';
        return { failure: await this.#carry(changes, this.#dropped ?? new Set()), lost };
      } catch (error) {
        return { failure: (error as Error).message, lost: false };
      }
    });
  }

  /** The targets that are dropped. Rejects with a one-line reason. */
  list(): Promise<string[]> {
    return this.#turns.take(async () => [...readStanding(await rawRules(this.family)).blocks.keys()]);
  }

  /** Replaces who passes whatever is dropped. */
  spare(targets: readonly Target[]): Promise<Failure> {
    this.#spared = targets;
    return this.#turns.take(async () => {
      try {
        await this.#arrange();
        return await this.#pass();
      } catch (error) {
        return (error as Error).message;
      }
    });
  }

  /** Takes all of it away. */
  remove(): Promise<Failure> {
    return this.#turns.take(async () => {
      this.#dropped = null;
      try {
        return await changeRaw(this.family, removal(readStanding(await rawRules(this.family))));
      } catch (error) {
        return (error as Error).message;
      }
    });
  }

  async #arrange(): Promise<Opened> {
    const standing = readStanding(await rawRules(this.family));
    const failure = await changeRaw(this.family, repairs(standing));
    if (failure !== null) throw new Error(failure);
    const known = this.#dropped ?? new Set();
    const isWhole = standing.hasChain && standing.jumps > 0;
    const lost = [...known].some((target) => !standing.blocks.has(target));
    this.#dropped = new Set(standing.blocks.keys());
    if (!isWhole || standing.passes.length < this.#spared.length) {
      const failed = await this.#pass();
      if (failed !== null) throw new Error(failed);
    }
    return isWhole && !lost ? 'found' : 'made';
  }

  async #pass(): Promise<Failure> {
    return changeRaw(this.family, passCommands(readStanding(await rawRules(this.family)), this.#spared));
  }

  async #carry(changes: readonly Change[], dropped: Set<string>): Promise<Failure> {
    const failure = await changeRaw(this.family, changeCommands(changes, dropped));
    if (failure !== null) return failure;
    for (const { verb, target } of changes) {
      if (verb === 'block') dropped.add(target.text);
      else dropped.delete(target.text);
    }
    return null;
  }
}
