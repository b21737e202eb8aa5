/** The real timer, also while a test has put a false clock in its place. */
const { setTimeout } = globalThis;

const PAUSE_MS = 20;

/** A minute and more: a check that is still wrong after it has failed. A busy machine alone must never come so far. */
const MAX_TRIES = 3_000;

/** Repeats `check` until it no longer throws, and resolves to its result. Rejects with the error of the last try. */
export async function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await check();
    } catch (error) {
      if (tries === MAX_TRIES) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
