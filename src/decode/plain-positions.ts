/**
 * Positions of addresses and ports, from an IP header without options or extension headers on (RFC 791, section 3.1;
 * RFC 8200, section 3).
 */

export const SOURCE_V4 = 12;
export const DESTINATION_V4 = 16;
export const PORTS_V4 = 20;
export const SOURCE_V6 = 8;
export const DESTINATION_V6 = 24;
export const PORTS_V6 = 40;
