import { networkInterfaces } from 'node:os';

/** Addresses at which a port is bound. On a host with more, the others have no listener. */
const MAX_ADDRESSES = 64;

/** Up to 64 addresses of this host, IPv4 first, without the loopback. Link-local ones have the zone that `bind` needs. */
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
