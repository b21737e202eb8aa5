import type { Address } from '../net/address.ts';
import { EndpointSet } from '../net/endpoint-set.ts';
import type { Prefix } from '../net/prefix.ts';
import { PrefixTable } from '../net/prefix.ts';

/** The protected destinations: this host's addresses when live, those of --home in a replay. */
export interface Home {
  has(address: Address): boolean;
}

/** Every destination, for a replay without --home; group addresses are excluded earlier. */
export const EVERY_HOME: Home = { has: () => true };

/** The destinations in a list of prefixes. */
export function homeOf(prefixes: Iterable<Prefix>): Home {
  const table = new PrefixTable<true>();
  for (const prefix of prefixes) table.set(prefix, true);
  return { has: (address) => table.match(address) !== undefined };
}

/** A host with more addresses would be a network of its own. */
const MAX_OWN_ADDRESSES = 65_536;

/** Single addresses, such as those of this host. */
export function homeOfAddresses(addresses: Iterable<Address>): Home {
  const set = new EndpointSet(MAX_OWN_ADDRESSES);
  for (const address of addresses) set.add(0, address, 0);
  return { has: (address) => set.has(0, address, 0) };
}
