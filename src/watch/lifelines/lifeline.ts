import type { Address } from '../../net/address.ts';

/** An address that this host depends on, and where it was found. */
export interface Lifeline {
  readonly address: Address;
  /** Completes `gateway 10.0.0.1 of`: the interface of the route, or the file or program that names the server. */
  readonly of: string;
}

/** Adds those that are not in the list yet, while there are fewer than `max`. */
export function addLifelines<T extends Lifeline>(
  into: Map<string, T>,
  found: Iterable<T>,
  max: number,
): void {
  for (const lifeline of found) {
    const key = lifeline.address.toString();
    if (into.size < max && !into.has(key)) into.set(key, lifeline);
  }
}
