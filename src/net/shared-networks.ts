import type { Address } from './address.ts';

/** First words of networks that hold strangers: IPv4 in IPv6 (RFC 4291), by translators, and by Teredo servers. */
const RESERVED = 0x00000000; // ::/32, of which IPv4-mapped addresses are a part
const NAT64 = 0x0064ff9b; // 64:ff9b::/96 (RFC 6052) and 64:ff9b:1::/48 (RFC 8215): all of IPv4
const TEREDO = 0x20010000; // 2001::/32 (RFC 4380): a /64 is all clients of one server

/** fe80::/10 (RFC 4291, section 2.5.6): a whole link has the same 64 bits. */
const LINK_LOCAL_SHIFT = 22;
const LINK_LOCAL = 0xfe800000 >>> LINK_LOCAL_SHIFT;

/**
 * Whether the hosts around an IPv6 address are strangers wherever it is, though they have 32 or more bits in
 * common with it: one of them never stands for the others.
 */
export function isAmongStrangers({ w0 }: Address): boolean {
  return w0 === RESERVED || w0 === NAT64 || w0 === TEREDO || w0 >>> LINK_LOCAL_SHIFT === LINK_LOCAL;
}
