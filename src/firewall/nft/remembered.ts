import { SET_SIZE } from '../set-carrier.ts';

/** Targets remembered, over all sets. With more, any target may be in the kernel, which is slower and safe. */
const MAX_REMEMBERED = 2 * SET_SIZE;

/** The targets that may be in the kernel: all that are, and those that have ended by themselves since. */
export class Remembered {
  readonly #targets = new Set<string>();
  #isComplete = false;

  /** False only when the target is known to be absent. */
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

  /** Takes a complete listing of the kernel. Targets added before it stay remembered. */
  complete(targets: Iterable<string>): void {
    this.#isComplete = true;
    for (const target of targets) this.add(target);
  }

  /** Any target may be in the kernel now. */
  forget(): void {
    this.#targets.clear();
    this.#isComplete = false;
  }
}
