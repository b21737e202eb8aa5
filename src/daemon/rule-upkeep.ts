import type { Backend } from '../firewall/backend.ts';
import { putBack } from '../respond/restore.ts';
import type { RestoreParts } from '../respond/take-over.ts';

/** With more blocks, only the loss of all is looked for: a list of 100,000 takes a second of processor time. */
const MAX_COMPARED = 16_384;

/** What the upkeep of the rules works with. */
export interface RuleUpkeepParts extends RestoreParts {
  /** The prefixes that are never blocked now. */
  readonly neverBlocked: () => string[];
}

/** Keeps the rules in the firewall: other programs flush it, and the never-block list changes. */
export class RuleUpkeep {
  readonly #parts: RuleUpkeepParts;
  #verifying: Promise<void> | null = null;

  constructor(parts: RuleUpkeepParts) {
    this.#parts = parts;
  }

  /** Tells every open back end whom never to block. */
  async spare(): Promise<void> {
    // `spare` of a back end makes a lost table anew. Its blocks must return first, or `verify` would no longer miss them.
    for (const backend of await this.#parts.backends.opened()) await this.#mend(backend);
    await this.spareNow();
  }

  /** The same for back ends that were opened or looked at in this moment. */
  async spareNow(): Promise<void> {
    const prefixes = this.#parts.neverBlocked();
    for (const backend of await this.#parts.backends.opened()) {
      const failure = (await backend.spare?.(prefixes)) ?? null;
      if (failure !== null)
        this.#parts.tell(`The never-block list could not be given to the firewall: ${failure}.`);
    }
  }

  /** Puts back what another program has flushed, all of it or single blocks. Never rejects. */
  verify(): Promise<void> {
    this.#verifying ??= this.#verify().finally(() => {
      this.#verifying = null;
    });
    return this.#verifying;
  }

  /** A back end reports that the rules of its method are gone. */
  async restoreLost(): Promise<void> {
    await this.#putBack();
    await this.spare();
  }

  async #verify(): Promise<void> {
    const opened = await this.#parts.backends.opened();
    const mended = await Promise.all(opened.map((backend) => this.#mend(backend)));
    if (mended.includes(true)) await this.spare();
    else if (this.#parts.blocks.size <= MAX_COMPARED) await this.#putBack();
  }

  async #putBack(): Promise<void> {
    await this.#parts.blocks.sight.lookAnew();
    await putBack(this.#parts);
  }

  /** True when the rules were gone; the blocks are in force again then. */
  async #mend(backend: Backend): Promise<boolean> {
    try {
      if ((await backend.open()) === 'found') return false;
      await this.#putBack();
      return true;
    } catch (error) {
      this.#parts.tell(`${backend.method} does not work any more: ${(error as Error).message}`);
      return false;
    }
  }
}
