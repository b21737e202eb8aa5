import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellsOf, clip, inCells, shownText, wrap } from '../../src/cli/terminal-text.ts';

/** What moves a cursor, hides text, turns its direction or is half a character. */
const HOSTILE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Mn}\p{Me}]/u;

test.each([
  ['a\u001b[2Jb', 'a?[2Jb'],
  ['a\nb\tc', 'a?b?c'],
  ['\u202egnp.exe\u2066', '?gnp.exe?'],
  ['a\u200bb\ufeff', 'a?b?'],
  ['\ud800x', '?x'],
  ['Z\u0300\u0301\u0302\u0303algo', 'Zalgo'],
  ['e\u0301', '\u00e9'],
  ['plain 192.0.2.1', 'plain 192.0.2.1'],
])('%j is shown as %j', (text, shown) => {
  expect(shownText(text)).toBe(shown);
});

test.each([
  ['abc', 3],
  ['\u4e2d\u6587', 4],
  ['\uff21', 2],
  ['\u{1f600}', 2],
  ['\ud55c', 2],
  ['\u00e9', 1],
])('%j takes %i cells', (text, cells) => {
  expect(cellsOf(text)).toBe(cells);
});

describe('in cells', () => {
  test.each([
    ['abc', 5, 'left', 'abc  '],
    ['12', 4, 'right', '  12'],
    ['abcdef', 3, 'left', 'abc'],
    ['\u4e2d\u6587', 3, 'left', '\u4e2d '],
    ['abc', 0, 'left', ''],
  ] as const)('%j in %i, %s', (text, cells, align, shown) => {
    expect(inCells(text, cells, align)).toBe(shown);
  });

  test('any text takes just these cells, and has nothing hostile', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(60), (text, cells) => {
        const shown = inCells(text, cells);
        expect(cellsOf(shown)).toBe(cells);
        expect(shown).not.toMatch(HOSTILE);
      }),
    );
  });

  test('10,000 characters cost no more than the cells', () => {
    expect(inCells('x'.repeat(10_000), 5)).toBe('xxxxx');
    expect(clip('\u4e2d'.repeat(3), 5)).toBe('\u4e2d\u4e2d');
  });
});

test.each([
  ['one two three', 7, ['one two', 'three']],
  ['onetwothree', 4, ['onet', 'woth', 'ree']],
  ['  indented text', 11, ['  indented', 'text']],
  ['', 5, ['']],
  ['\u4e2d\u6587', 1, ['\u4e2d', '\u6587']],
])('%j is wrapped in %i cells', (text, cells, lines) => {
  expect(wrap(text, cells)).toEqual(lines);
});
