import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MODE_NAMES } from '../../src/config/config.ts';
import type { Block } from '../../src/firewall/block.ts';
import { expand } from '../../src/firewall/template.ts';
import { Address } from '../../src/net/address.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../../src/net/prefix.ts';
import { hostsDenyLine } from '../../src/respond/hosts-deny.ts';
import { blockOf } from '../respond/given.ts';

const TOKENS = ['$TARGET$', '$PORT$', '$MODE$', '$PROTO$', '$KIND$'];

const word32 = fc.integer({ min: 0, max: 0xffffffff });
const address = fc.oneof(
  word32.map((value) => Address.v4(value)),
  fc.tuple(word32, word32, word32, word32).map(([w0, w1, w2, w3]) => new Address(w0, w1, w2, w3)),
);
const target = fc
  .tuple(address, fc.integer({ min: 0, max: 128 }))
  .map(([base, length]) => `${base}/${base.isV4 ? length >>> 2 : length}`)
  .map((text) => formatPrefix(parsePrefix(text) as Prefix));
const block: fc.Arbitrary<Block> = fc
  .record({
    target: fc.oneof(address.map(String), target),
    destinationPort: fc.integer({ min: 0, max: 65535 }),
    mode: fc.constantFrom(...MODE_NAMES),
    transport: fc.constantFrom('tcp', 'udp'),
    kind: fc.constantFrom('null', 'fin', 'xmas', 'syn', 'odd', 'maimon', 'ack', 'udp', 'connect', 'manual'),
  })
  .map(({ target, ...cause }) => blockOf(target, {}, cause));

test('for any block, a command holds only its template and harmless characters', () => {
  const pieces = fc.array(fc.oneof(fc.constantFrom(...TOKENS), fc.constantFrom(' ', '"', '|', '$(', 'x')));
  fc.assert(
    fc.property(pieces, block, (parts, given) => {
      const patterns = parts.map((part) => (TOKENS.includes(part) ? '[0-9a-f.:a-z/-]+' : quoted(part)));
      expect(expand(parts.join(''), given)).toMatch(new RegExp(`^${patterns.join('')}$`));
    }),
  );
});

test('for any block, each token becomes the value of its field', () => {
  fc.assert(
    fc.property(block, (given) => {
      const words = expand(TOKENS.join(' '), given).split(' ');
      expect(words).toEqual([
        given.target,
        `${given.cause.destinationPort}`,
        given.cause.mode,
        given.cause.transport,
        given.cause.kind,
      ]);
    }),
  );
});

test('for any block, hosts.deny gets one line', () => {
  fc.assert(
    fc.property(block, (given) => {
      expect(hostsDenyLine('ALL: $TARGET$ : DENY', given)).toMatch(
        /^ALL: (\[[0-9a-f:.]+\](\/\d+)?|[0-9.]+(\/\d+)?) : DENY$/,
      );
    }),
  );
});

function quoted(text: string): string {
  return text.replace(/[$(|]/g, '\\$&');
}
