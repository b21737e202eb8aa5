import { BlockList } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Address } from '../../src/net/address.ts';
import { formatPrefix, type Prefix, PrefixTable, parsePrefix } from '../../src/net/prefix.ts';

/** Few different bits, so that many prefixes contain one another and the addresses that are looked up. */
const SPARSE = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.constantFrom(0, 1, 3, 0x80000000, 0xc0000001),
);
const V4 = SPARSE.map((value) => Address.v4(value));
const V6 = fc
  .tuple(SPARSE, fc.constantFrom(0, 1), fc.constantFrom(0, 7), SPARSE)
  .map(([w0, w1, w2, w3]) => new Address(w0 | 0x20000000, w1, w2, w3))
  .map(({ w0, w1, w2, w3 }) => new Address(w0 >>> 0, w1, w2, w3));
const ADDRESS = fc.oneof(V4, V6);
const PREFIX = fc.oneof(prefixes(V4, 32), prefixes(V6, 128));

function prefixes(addresses: fc.Arbitrary<Address>, maxLength: number): fc.Arbitrary<Prefix> {
  return fc
    .tuple(addresses, fc.integer({ min: 0, max: maxLength }))
    .map(([address, length]) => parsePrefix(`${address}/${length}`) as Prefix);
}

test('a prefix survives the way to text and back', () => {
  fc.assert(
    fc.property(PREFIX, (prefix) => {
      const parsed = parsePrefix(formatPrefix(prefix)) as Prefix;
      expect(parsed.length).toBe(prefix.length);
      expect(parsed.address.equals(prefix.address)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

/** The oracle: the subnets of node:net, which hold addresses of their own family only. */
function holds(prefix: Prefix, address: Address): boolean {
  if (prefix.address.isV4 !== address.isV4) return false;
  const family = address.isV4 ? 'ipv4' : 'ipv6';
  const [network, length = address.isV4 ? '32' : '128'] = formatPrefix(prefix).split('/');
  const list = new BlockList();
  list.addSubnet(network as string, Number(length), family);
  return list.check(address.toString(), family);
}

test('an address is in a prefix exactly when node:net says so', () => {
  fc.assert(
    fc.property(PREFIX, ADDRESS, (prefix, address) => {
      const table = new PrefixTable<true>();
      table.set(prefix, true);
      expect(table.match(address) === true, `${formatPrefix(prefix)} ${address}`).toBe(
        holds(prefix, address),
      );
    }),
    { numRuns: 5_000 },
  );
});

test('the table finds what a search of all prefixes finds', () => {
  fc.assert(
    fc.property(
      fc.array(PREFIX, { maxLength: 30 }),
      fc.array(ADDRESS, { maxLength: 10 }),
      (list, addresses) => {
        const table = new PrefixTable<string>();
        for (const prefix of list) table.set(prefix, formatPrefix(prefix));
        expect(table.size).toBe(new Set(list.map(formatPrefix)).size);
        for (const address of addresses) {
          const holding = list.filter((prefix) => holds(prefix, address)).sort((a, b) => b.length - a.length);
          const longest = holding[0] === undefined ? undefined : formatPrefix(holding[0]);
          expect(table.match(address), `${address}`).toBe(longest);
        }
      },
    ),
    { numRuns: 500 },
  );
});
