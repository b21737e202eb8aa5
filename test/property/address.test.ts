import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Address, parseAddress } from '../../src/net/address.ts';

const WORD = fc.integer({ min: 0, max: 0xffffffff });
const GROUP = fc.oneof(fc.constant(0), fc.constant(0xffff), fc.integer({ min: 0, max: 0xffff }));

/** Any address; runs of zeros and mapped addresses are frequent. */
const ADDRESS = fc.oneof(
  fc.tuple(WORD, WORD, WORD, WORD).map((words) => new Address(...words)),
  WORD.map((value) => Address.v4(value)),
  fc
    .array(GROUP, { minLength: 8, maxLength: 8 })
    .map((g) => new Address(...([0, 2, 4, 6].map((at) => ((g[at]! << 16) | g[at + 1]!) >>> 0) as [number]))),
);

/** Text that resembles an address. */
const NEARLY = fc
  .array(fc.constantFrom(':', '::', '.', '0', '00', '1', '255', '256', 'ffff', 'a', '1.2.3.4', '%', ' '), {
    maxLength: 20,
  })
  .map((parts) => parts.join(''));

test('an address survives the way to text and back', () => {
  fc.assert(
    fc.property(ADDRESS, (address) => {
      const parsed = parseAddress(address.toString());
      expect(parsed?.equals(address), address.toString()).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test('the text is that of RFC 5952, as the URL standard writes it', () => {
  fc.assert(
    fc.property(ADDRESS, (address) => {
      if (address.isV4) expect(new URL(`http://${address}`).hostname).toBe(address.toString());
      else expect(new URL(`http://[${address}]`).hostname).toBe(`[${address}]`);
    }),
    { numRuns: 2_000 },
  );
});

test('a text is an address exactly when node:net says so', () => {
  const text = fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended(), NEARLY, fc.string());
  fc.assert(
    fc.property(text, (candidate) => {
      const version = candidate.includes('%') ? 0 : isIP(candidate);
      const address = parseAddress(candidate);
      expect(address !== null, candidate).toBe(version !== 0);
      if (address === null || version === 0) return;
      if (version === 4) expect(address.isV4).toBe(true);
      const canonical = isIP(address.toString());
      expect(canonical).toBe(address.isV4 ? 4 : 6);
    }),
    { numRuns: 20_000 },
  );
});
