import { expect, test } from 'vitest';
import { DIRECTIVES } from '../../src/config/directives.ts';

const { kind } = DIRECTIVES.blockMethod;

test('BLOCK_METHOD takes null, which is for tests, and offers it to nobody', () => {
  expect(kind.parse('null')).toMatchObject({ ok: true, value: 'null' });
  for (const word of ['nftable', 'nul', 'nothing']) {
    const parsed = kind.parse(word);
    expect(parsed.ok ? '' : parsed.expected).not.toContain('null');
  }
});

test('a misspelt BLOCK_METHOD names the nearest one', () => {
  const parsed = kind.parse('nftable');
  expect(parsed.ok ? '' : parsed.expected).toMatch(/ \(did you mean nftables\?\)$/);
});
