import { expect, test } from 'vitest';
import { NFT_DIALOG } from '../../src/nft/words.ts';

/** What nft says of the line `ack7x` in its dialog. */
test.each([
  ['0.9.8 and 1.0.6', 'Error: syntax error, unexpected newline, expecting string\nack7x\n     ^\n'],
  ['1.1.3', 'Error: syntax error, unexpected newline, expecting string or last\nack7x\n     ^\n'],
  ['1.1.7', 'Error: syntax error, unexpected newline\nexpected any of: <string>, last\nack7x\n     ^\n'],
])('the answer of nft %s ends with the invalid line', (_versions, stderr) => {
  const [end = ''] = NFT_DIALOG.errorWith('ack7x').exec(stderr) ?? [];
  expect(stderr.slice(end.length).replace(NFT_DIALOG.errorTail, '')).toBe('');
});

test('an error before it is no part of the end', () => {
  const error =
    'Error: syntax error, unexpected newline\nexpected any of: <string>, last\nadd bogus\n         ^\n';
  const end = 'Error: syntax error, unexpected newline\nexpected any of: <string>, last\nack7x\n';
  expect(NFT_DIALOG.errorWith('ack7x').exec(error + end)?.index).toBe(error.length);
});
