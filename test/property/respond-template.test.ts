import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ModeName } from '../../src/config/config.ts';
import { Address } from '../../src/net/address.ts';
import { hostsDenyLine } from '../../src/respond/hosts-deny.ts';
import { expand } from '../../src/respond/template.ts';
import type { Knock } from '../../src/track/event.ts';
import { knockFrom } from '../respond/given.ts';

const TOKENS = ['$TARGET$', '$PORT$', '$MODE$', '$PROTO$', '$KIND$'];

const word32 = fc.integer({ min: 0, max: 0xffffffff });
const address = fc.oneof(
  word32.map((value) => Address.v4(value)),
  fc.tuple(word32, word32, word32, word32).map(([w0, w1, w2, w3]) => new Address(w0, w1, w2, w3)),
);
const knock: fc.Arbitrary<Knock> = fc
  .record({
    source: address.map(String),
    destinationPort: fc.integer({ min: 0, max: 65535 }),
    mode: fc.constantFrom<ModeName>('tcp', 'stcp', 'atcp', 'udp', 'sudp', 'audp'),
    transport: fc.constantFrom('tcp', 'udp'),
    kind: fc.constantFrom('null', 'fin', 'xmas', 'syn', 'odd', 'maimon', 'ack', 'udp', 'connect'),
  })
  .map((fields) => knockFrom(fields.source, fields));

test('whatever the knock, a command holds nothing but its template and harmless characters', () => {
  const pieces = fc.array(fc.oneof(fc.constantFrom(...TOKENS), fc.constantFrom(' ', '"', '|', '$(', 'x')));
  fc.assert(
    fc.property(pieces, knock, (parts, given) => {
      const patterns = parts.map((part) => (TOKENS.includes(part) ? '[0-9a-f.:a-z-]+' : quoted(part)));
      expect(expand(parts.join(''), given)).toMatch(new RegExp(`^${patterns.join('')}$`));
    }),
  );
});

test('whatever the knock, a command is one of a known text, a number or an address', () => {
  fc.assert(
    fc.property(knock, (given) => {
      const words = expand(TOKENS.join(' '), given).split(' ');
      expect(words).toEqual([
        given.source,
        `${given.destinationPort}`,
        given.mode,
        given.transport,
        given.kind,
      ]);
    }),
  );
});

test('whatever the knock, hosts.deny gets one line', () => {
  fc.assert(
    fc.property(knock, (given) => {
      expect(hostsDenyLine('ALL: $TARGET$ : DENY', given)).toMatch(/^ALL: (\[[0-9a-f:.]+\]|[0-9.]+) : DENY$/);
    }),
  );
});

function quoted(text: string): string {
  return text.replace(/[$(|]/g, '\\$&');
}
