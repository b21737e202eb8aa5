import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellCommands } from '../../src/config/shell-words.ts';

/** The texts of the words of each command, and what follows it. */
const split = (line: string) =>
  shellCommands(line)?.map(({ words, next }) => [...words.map(({ text }) => text), next]);

test.each([
  ['a b', [['a', 'b', '']]],
  ['a "b c" \'d e\' f\\ g', [['a', 'b c', 'd e', 'f g', '']]],
  ['a="b" c\'d\'"e"', [['a=b', 'cde', '']]],
  ['a "\\"\\x" \'\\\'', [['a', '"\\x', '\\', '']]],
  [
    'a&&b || c;d | e & f',
    [
      ['a', '&&'],
      ['b', '||'],
      ['c', ';'],
      ['d', '|'],
      ['e', ';'],
      ['f', ''],
    ],
  ],
  ['a >> log 2>&1 </dev/null b', [['a', 'b', '']]],
  ['a &> log', [['a', '']]],
  ['a {b} { c }', [['a', '{b}', '{', 'c', '}', '']]],
  ['a b#c', [['a', 'b#c', '']]],
  ['a;', [['a', '']]],
  ['a $HOME $TARGET$', [['a', '$HOME', '$TARGET$', '']]],
])('%s', (line, commands) => {
  expect(split(line)).toEqual(commands);
});

test.each([
  '',
  ' ',
  ';',
  'a ;; b',
  'a &&',
  '| a',
  'a "b',
  "a 'b",
  'a $(b)',
  'a "\x24{b}"',
  'a `b`',
  '(a)',
  '{ a; }',
  '! a',
  'a # b',
  'while a; do b; done',
  'f() { a; }',
  'a >',
  'a\nb',
])('%j is more than a list of plain commands, or none', (line) => {
  expect(shellCommands(line)).toBeNull();
});

test('any text is split or refused, and never throws', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', ' ', '"', "'", '\\', '&', '|', ';', '>', '$', '(', '{', '#', '2')),
      (parts) => {
        const commands = shellCommands(parts.join(''));
        for (const { words } of commands ?? []) expect(words.length).toBeGreaterThan(0);
      },
    ),
    { numRuns: 5000 },
  );
});
