import { randomInt } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { Address } from '../../net/address.ts';
import { PrefixTable, parsePrefix } from '../../net/prefix.ts';

/** 198.18.0.0/15, reserved for tests of network devices (RFC 2544, appendix C.2.2): no host owns an address of it. */
const BENCHMARK_NETWORK = Address.v4(0xc6120000);
const BENCHMARK_SIZE = 2 ** 17;

/** A host that uses parts of that network may need several draws. */
const MAX_DRAWS = 32;

/** Draws the two addresses of a /31 network that this host does not use. Returns null when it finds none. */
export function drawAddressPair(): readonly [string, string] | null {
  const networks = ownNetworks();
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    const first = Address.v4(BENCHMARK_NETWORK.w3 + 2 * randomInt(BENCHMARK_SIZE / 2));
    const second = Address.v4(first.w3 + 1);
    if (!networks.match(first) && !networks.match(second)) return [first.toString(), second.toString()];
  }
  return null;
}

function ownNetworks(): PrefixTable<true> {
  const networks = new PrefixTable<true>();
  for (const entries of Object.values(networkInterfaces())) {
    for (const { cidr } of entries ?? []) {
      const prefix = cidr === null ? null : parsePrefix(cidr);
      if (prefix !== null) networks.set(prefix, true);
    }
  }
  return networks;
}
