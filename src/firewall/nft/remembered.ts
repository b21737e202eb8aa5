import { SET_SIZE } from '../set-carrier.ts';

/** Targets remembered at most, over all sets; with more of them nothing is known, which costs time and is safe. */
const MAX_REMEMBERED = 2 * SET_SIZE;

/** What may stand in the kernel, by target: all that does, and what has ended by itself meanwhile. */
export class Remembered {
  readonly #targets = new Set<string>();
  #isComplete = false;

  /** False only when the target is known not to be there. */
  mayHold(target: string): boolean {
    return !this.#isComplete || this.#targets.has(target);
  }

  add(target: string): void {
    this.#targets.add(target);
    if (this.#targets.size > MAX_REMEMBERED) this.forget();
  }

  delete(target: string): void {
    this.#targets.delete(target);
  }

  /** The kernel has said all that there was; what was added since is remembered, too. */
  complete(targets: Iterable<string>): void {
    this.#isComplete = true;
    for (const target of targets) this.add(target);
  }

  /** Whatever was here, something else may be now. */
  forget(): void {
    this.#targets.clear();
    this.#isComplete = false;
  }
}
