import type { Address } from '../../net/address.ts';

/** An address that this host depends on, and where it was found. */
export interface Lifeline {
  readonly address: Address;
  /** Completes `gateway 10.0.0.1 of`: the interface of the route, or the file that names the resolver. */
  readonly of: string;
}
