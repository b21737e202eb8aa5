import type { Address } from './address.ts';

/**
 * A 32-bit hash of an address and a salt (multiply and shift, after MurmurHash3's finalizer). With a random salt,
 * an attacker cannot choose addresses that fall into one bucket.
 */
export function hashAddress(address: Address, salt: number): number {
  let hash = Math.imul(address.w3 ^ salt, 0x85ebca6b);
  if (!address.isV4) {
    hash = mix(hash ^ address.w0);
    hash = mix(hash ^ address.w1);
    hash = mix(hash ^ address.w2);
  }
  return mix(hash);
}

/**
 * Spreads every bit of a 32-bit value over all others. The result is signed, because V8 passes and returns a signed
 * 32-bit number without allocating an object.
 */
export function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
