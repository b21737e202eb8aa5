import { Address } from '../net/address.ts';
import { EndpointSet } from '../net/endpoint-set.ts';
import { maskOf, type Prefix } from '../net/prefix.ts';
import { isAmongStrangers } from '../net/shared-networks.ts';

/** The prefix length of a single address. */
export const WHOLE_ADDRESS = 128;

/** Networks of this host whose addresses are separate sources. A host with more would be a network of its own. */
const MAX_OWN_NETWORKS = 65_536;

/**
 * Decides which addresses are one source. An IPv6 host can send from a whole network (RFC 8981 makes it change its
 * address by itself), so its network is the source. The exception is a network that strangers share: a link,
 * including the networks that this host has an address in. For IPv4 each address is a source.
 */
export class SourceNetworks {
  /** The bits of an IPv6 address that identify a source, as words. */
  readonly mask = new Address();
  #length = 0;
  #own: readonly Address[] = [];
  #ownNetworks = new EndpointSet(MAX_OWN_NETWORKS);
  readonly #network = new Address();

  /** `length` is BLOCK_IPV6_PREFIX, 32 to 128. */
  constructor(length: number) {
    this.setLength(length);
  }

  /** Sets the length; false when it is unchanged. */
  setLength(length: number): boolean {
    if (length === this.#length) return false;
    this.#length = length;
    this.mask.set(maskOf(length));
    this.#ownNetworks = this.#networksOf(this.#own);
    return true;
  }

  /** Sets this host's addresses; false when their networks are unchanged. */
  setOwn(addresses: readonly Address[]): boolean {
    const before = this.#ownNetworks;
    this.#own = addresses.filter((address) => !address.isV4 && !isAmongStrangers(address));
    this.#ownNetworks = this.#networksOf(this.#own);
    return (
      before.size !== this.#ownNetworks.size || this.#own.some((address) => !this.#isIn(before, address))
    );
  }

  /** The key of the address's source: the address itself, or its network in an object that the next call overwrites. */
  keyOf(address: Address): Address {
    if (address.isV4 || this.#length === WHOLE_ADDRESS || isAmongStrangers(address)) return address;
    return this.#isIn(this.#ownNetworks, address) ? address : this.#networkOf(address);
  }

  /** A copy of the address's network. */
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
