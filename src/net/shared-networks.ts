import type { Address } from './address.ts';

/** First words of networks whose hosts are unrelated: IPv4 in IPv6 (RFC 4291), translators and Teredo servers. */
const RESERVED = 0x00000000; // ::/32, which includes the IPv4-mapped addresses
const NAT64 = 0x0064ff9b; // 64:ff9b::/96 (RFC 6052) and 64:ff9b:1::/48 (RFC 8215): all of IPv4
const TEREDO = 0x20010000; // 2001::/32 (RFC 4380): all clients of one server share a /64

/** fe80::/10 (RFC 4291, section 2.5.6): all hosts of a link share the first 64 bits. */
const LINK_LOCAL_SHIFT = 22;
const LINK_LOCAL = 0xfe800000 >>> LINK_LOCAL_SHIFT;

/**
 * Whether hosts that share the first 32 or more bits of this IPv6 address are unrelated to it, so that one of them
 * must never be blocked for another.
 */
export function isAmongStrangers({ w0 }: Address): boolean {
  return w0 === RESERVED || w0 === NAT64 || w0 === TEREDO || w0 >>> LINK_LOCAL_SHIFT === LINK_LOCAL;
}
