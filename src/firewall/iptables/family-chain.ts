import { type Failure, failureOf, throwOn } from '../../commands/failure.ts';
import type { Opened } from '../backend.ts';
import { applyTo, type Change } from '../batch.ts';
import type { Family } from '../families.ts';
import { changeRaw, rawRules } from '../raw-table.ts';
import type { Target } from '../target.ts';
import { Turns } from '../turns.ts';
import { changeCommands, passCommands, readStanding, removal, repairs, type Standing } from './chain.ts';

/** Our chain in the raw table of one family. */
export class FamilyChain {
  readonly family: Family;
  readonly #turns = new Turns();
  /** Targets that are dropped, by the last listing and the changes since; null before the first listing. */
  #dropped: Set<string> | null = null;
  #spared: readonly Target[] = [];

  constructor(family: Family) {
    this.family = family;
  }

  /** Creates what is missing; `made` also when others removed rules. Rejects with a one-line reason. */
  open(): Promise<Opened> {
    return this.#turns.take(() => this.#arrange());
  }

  /** Applies all changes or none; `lost` when earlier blocks were found gone. Never rejects. */
  change(changes: readonly Change[]): Promise<{ failure: Failure; lost: boolean }> {
    if (changes.length === 0) return Promise.resolve({ failure: null, lost: false });
    return this.#turns.take(async () => {
      if (this.#dropped !== null && (await this.#carry(changes, this.#dropped)) === null)
        return { failure: null, lost: false };
      // What is known here may be out of date.
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
    return this.#turns.take(async () => [...(await this.#read()).blocks.keys()]);
  }

  /** Replaces the targets that pass whatever is dropped. Never rejects. */
  spare(targets: readonly Target[]): Promise<Failure> {
    this.#spared = targets;
    return failureOf(
      this.#turns.take(async () => {
        await this.#arrange();
        await this.#pass();
      }),
    );
  }

  /** Removes the chain and the rule that leads to it. Never rejects. */
  remove(): Promise<Failure> {
    return failureOf(
      this.#turns.take(async () => {
        this.#dropped = null;
        throwOn(await changeRaw(this.family, removal(await this.#read())));
      }),
    );
  }

  async #read(): Promise<Standing> {
    return readStanding(await rawRules(this.family));
  }

  async #arrange(): Promise<Opened> {
    const standing = await this.#read();
    throwOn(await changeRaw(this.family, repairs(standing)));
    const known = this.#dropped ?? new Set();
    const isWhole = standing.hasChain && standing.jumps > 0;
    const lost = [...known].some((target) => !standing.blocks.has(target));
    this.#dropped = new Set(standing.blocks.keys());
    if (!isWhole || standing.passes.length < this.#spared.length) await this.#pass();
    return isWhole && !lost ? 'found' : 'made';
  }

  async #pass(): Promise<void> {
    throwOn(await changeRaw(this.family, passCommands(await this.#read(), this.#spared)));
  }

  async #carry(changes: readonly Change[], dropped: Set<string>): Promise<Failure> {
    const failure = await changeRaw(this.family, changeCommands(changes, dropped));
    applyTo(
      dropped,
      changes,
      changes.map(() => failure),
    );
    return failure;
  }
}
