import { Address } from '../net/address.ts';
import { EndpointSet } from '../net/endpoint-set.ts';
import { maskOf, type Prefix } from '../net/prefix.ts';
import { isAmongStrangers } from '../net/shared-networks.ts';

/** The length at which an address stands for itself. */
export const WHOLE_ADDRESS = 128;

/** Networks of this host that are kept apart; with more it would be a network of its own. */
const MAX_OWN_NETWORKS = 65_536;

/**
 * Which addresses are one source. An IPv6 host has a whole network to send from (RFC 8981 makes it change its
 * address by itself), so the network counts; but not where strangers share it: on a link, among them those in a
 * network that this host has an address in. Of IPv4 each address is a source.
 */
export class SourceNetworks {
  /** The bits of an IPv6 address that count, as words. */
  readonly mask = new Address();
  #length = 0;
  #own: readonly Address[] = [];
  #ownNetworks = new EndpointSet(MAX_OWN_NETWORKS);
  readonly #network = new Address();

  /** `length`: BLOCK_IPV6_PREFIX, 32 to 128. */
  constructor(length: number) {
    this.setLength(length);
  }

  /** False when it is as it was. */
  setLength(length: number): boolean {
    if (length === this.#length) return false;
    this.#length = length;
    this.mask.set(maskOf(length));
    this.#ownNetworks = this.#networksOf(this.#own);
    return true;
  }

  /** Takes this host's addresses; false when its networks are those that they were. */
  setOwn(addresses: readonly Address[]): boolean {
    const before = this.#ownNetworks;
    this.#own = addresses.filter((address) => !address.isV4 && !isAmongStrangers(address));
    this.#ownNetworks = this.#networksOf(this.#own);
    return (
      before.size !== this.#ownNetworks.size || this.#own.some((address) => !this.#isIn(before, address))
    );
  }

  /** What tells the address's source: itself, or its network in an object that the next call writes anew. */
  keyOf(address: Address): Address {
    if (address.isV4 || this.#length === WHOLE_ADDRESS || isAmongStrangers(address)) return address;
    return this.#isIn(this.#ownNetworks, address) ? address : this.#networkOf(address);
  }

  /** The network of an address that counts for it, to keep. */
  prefixOf(address: Address): Prefix {
    return { address: Address.from(this.#networkOf(address)), length: this.#length };
  }

  #networksOf(addresses: readonly Address[]): EndpointSet {
    const networks = new EndpointSet(MAX_OWN_NETWORKS);
    for (const address of addresses) networks.add(0, this.#networkOf(address), 0);
    return networks;
  }

  #isIn(networks: EndpointSet, address: Address): boolean {
    return networks.size > 0 && networks.has(0, this.#networkOf(address), 0);
  }

  #networkOf(address: Address): Address {
    const { mask } = this;
    const network = this.#network;
    network.w0 = (address.w0 & mask.w0) >>> 0;
    network.w1 = (address.w1 & mask.w1) >>> 0;
    network.w2 = (address.w2 & mask.w2) >>> 0;
    network.w3 = (address.w3 & mask.w3) >>> 0;
    return network;
  }
}
