/** Calls at the same time. */
const MAX_CONCURRENT = 8;

/** Calls `each` for every item, a few at a time. Rejects when a call does. */
export async function inTurns<T>(items: Iterable<T>, each: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = rest.next(); !next.done; next = rest.next()) await each(next.value);
  };
  await Promise.all(Array.from({ length: MAX_CONCURRENT }, worker));
}
