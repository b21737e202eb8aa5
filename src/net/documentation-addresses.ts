import { Address } from './address.ts';

// Addresses for documentation (RFC 5737); and whoever has them for all that is not touched by what is played here.
export const FIRST_SOURCE = 0xc0_00_02_01;
export const HOME = Address.v4(0xc6_33_64_01);
