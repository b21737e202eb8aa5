import { expect, test } from 'vitest';
import { unknownTokens } from '../../src/config/tokens.ts';

test.each([
  ['every known token', '$TARGET$ $PORT$ $MODE$ $PROTO$ $KIND$', []],
  ['known tokens side by side', '$TARGET$$PORT$', []],
  ['a known token after a shell variable', 'echo $HOME$TARGET$', []],
  ['shell variables', 'echo $1 "$HOME" $(date) $$', []],
  ['an unknown token', 'run $IP$', [{ text: '$IP$', offset: 4, meant: null }]],
  ['the same unknown token twice', '$IP$ $IP$', [{ text: '$IP$', offset: 0, meant: null }]],
  ['a misspelt token', '$TARGT$', [{ text: '$TARGT$', offset: 0, meant: '$TARGET$' }]],
  ['lower case', 'x $port$', [{ text: '$port$', offset: 2, meant: '$PORT$' }]],
])('%s', (_name, command, found) => {
  expect(unknownTokens(command)).toEqual(found);
});
