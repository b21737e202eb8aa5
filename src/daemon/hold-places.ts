import { Address } from '../net/address.ts';
import { maskAddress, type Prefix, parsePrefix } from '../net/prefix.ts';

/** The lengths of networks that are held. */
const NETWORK_LENGTHS = [64, 56, 48] as const;
export type NetworkLength = (typeof NETWORK_LENGTHS)[number];

/** Where the kernel looks before it begins a hold by itself; it begins none of a network larger than a /64. */
export const EXEMPT_SETS = {
  held4: 'exempt4',
  held6: 'exempt6',
  held6_64: 'exempt6_64',
  held6_56: null,
  held6_48: null,
} as const;

/** Where the kernel holds a source: the set, and the address or network in it. */
export interface Place {
  readonly set: keyof typeof EXEMPT_SETS;
  readonly element: string;
  /** Names the place, as an address or a prefix. */
  readonly key: string;
}

/** The place of one address. */
export function placeOfAddress(address: Address): Place {
  const element = address.toString();
  return { set: address.isV4 ? 'held4' : 'held6', element, key: element };
}

/** The place of the network of this length around an IPv6 address. */
export function placeOfNetwork(address: Address, length: NetworkLength): Place {
  const element = maskAddress(address, length, new Address()).toString();
  return { set: `held6_${length}`, element, key: `${element}/${length}` };
}

/** The places of the networks around an address; none for IPv4. */
export function networksAround(address: Address): Place[] {
  return address.isV4 ? [] : NETWORK_LENGTHS.map((length) => placeOfNetwork(address, length));
}

/** A place by its name, and what is in it. */
export function placeNamed(key: string): { readonly place: Place; readonly prefix: Prefix } | null {
  const prefix = parsePrefix(key);
  if (prefix === null) return null;
  const { address, length } = prefix;
  const isNetwork = key.includes('/');
  const place = isNetwork ? placeOfNetwork(address, length as NetworkLength) : placeOfAddress(address);
  return { place, prefix };
}

/** The address of the /64 network that an IPv6 address is in. */
export function linkNetworkOf({ w0, w1 }: Address): string {
  return new Address(w0, w1, 0, 0).toString();
}

/** fe80::/10 (RFC 4291, section 2.4). */
export function isLinkLocal({ w0 }: Address): boolean {
  return w0 >>> 22 === 0x3fa;
}
