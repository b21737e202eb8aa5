import type { BlockMethod } from '../config/config.ts';
import type { Backend } from '../firewall/backend.ts';
import { type RestoreParts, reinforce } from '../respond/restore.ts';

/** What the upkeep of the rules works with. */
export interface RuleUpkeepParts extends RestoreParts {
  /** The prefixes that are never blocked now. */
  readonly neverBlocked: () => string[];
}

/** Keeps the rules in the firewall: other programs flush it, and the never-block list changes. */
export class RuleUpkeep {
  readonly #parts: RuleUpkeepParts;

  constructor(parts: RuleUpkeepParts) {
    this.#parts = parts;
  }

  /** Tells every open back end whom never to block. */
  async spare(): Promise<void> {
    const prefixes = this.#parts.neverBlocked();
    for (const backend of await this.#parts.backends.opened()) {
      // `spare` makes a lost table anew. Its blocks must return first, or `verify` would no longer miss them.
      await this.#mend(backend);
      const failure = (await backend.spare?.(prefixes)) ?? null;
      if (failure !== null)
        this.#parts.tell(`The never-block list could not be given to the firewall: ${failure}.`);
    }
  }

  /** Puts back what another program has flushed. */
  async verify(): Promise<void> {
    const opened = await this.#parts.backends.opened();
    const mended = await Promise.all(opened.map((backend) => this.#mend(backend)));
    if (mended.includes(true)) await this.spare();
  }

  /** A back end reports that the rules of its method are gone. */
  async restoreLost(method: BlockMethod): Promise<void> {
    await reinforce(this.#parts, method);
    await this.spare();
  }

  /** True when the rules were gone; the blocks are in force again then. */
  async #mend(backend: Backend): Promise<boolean> {
    try {
      if ((await backend.open()) === 'found') return false;
      await reinforce(this.#parts, backend.method);
      return true;
    } catch (error) {
      this.#parts.tell(`${backend.method} does not work any more: ${(error as Error).message}`);
      return false;
    }
  }
}
