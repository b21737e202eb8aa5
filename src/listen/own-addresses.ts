import { networkInterfaces } from 'node:os';

/** Addresses that a port is bound at; a host with more is told that the others are not listened at. */
const MAX_ADDRESSES = 64;

/**
 * This host's addresses but for the loopback, as they are bound: a link-local one with its zone. At most 64, IPv4
 * first.
 */
export function ownAddresses(): string[] {
  const found: string[] = [];
  for (const [name, entries = []] of Object.entries(networkInterfaces())) {
    for (const { address, internal, family, scopeid } of entries) {
      if (!internal) found.push(family === 'IPv6' && scopeid ? `${address}%${name}` : address);
    }
  }
  const isV6 = (address: string) => Number(address.includes(':'));
  return [...new Set(found)].sort((a, b) => isV6(a) - isV6(b)).slice(0, MAX_ADDRESSES);
}
