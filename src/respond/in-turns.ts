/** Commands for many blocks that run at one time. */
const AT_ONCE = 8;

/** Calls `each` for every item, for some at a time. Rejects when one does. */
export async function inTurns<T>(items: Iterable<T>, each: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = rest.next(); !next.done; next = rest.next()) await each(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
