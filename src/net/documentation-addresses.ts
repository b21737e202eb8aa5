import { Address } from './address.ts';

/** 192.0.2.1, in a block for documentation (RFC 5737): no real host has it, so the warm-up can use it as a source. */
export const FIRST_SOURCE = 0xc0_00_02_01;

/** 198.51.100.1, in another such block: the host that the warm-up protects. */
export const HOME = Address.v4(0xc6_33_64_01);
