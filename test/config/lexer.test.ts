import { describe, expect, test } from 'vitest';
import { formatFinding } from '../../src/config/finding.ts';
import { lex, MAX_STATEMENTS, MAX_VALUE_CHARACTERS } from '../../src/config/lexer.ts';

const values = (text: string) => lex(text, 'f').entries.map(({ key, value }) => [key, value]);
const findings = (text: string) => lex(text, 'f').findings.map(formatFinding);

describe('a setting', () => {
  test.each([
    ['plain', 'BLOCK_TCP="1"', '1'],
    ['blanks around the equals sign', 'BLOCK_TCP \t=  "1"', '1'],
    ['indented', '  BLOCK_TCP="1"', '1'],
    ['empty', 'BLOCK_TCP=""', ''],
    ['blanks inside are kept', 'BLOCK_TCP=" 1 "', ' 1 '],
    ['blanks after the quote', 'BLOCK_TCP="1" \t', '1'],
    ['comment after the quote', 'BLOCK_TCP="1" # why', '1'],
    ['comment right after the quote', 'BLOCK_TCP="1"# why', '1'],
    ['quotes in that comment', 'BLOCK_TCP="1" # was "0"', '1'],
    ['# inside the value', 'BLOCK_TCP="a # b"', 'a # b'],
    ['quotes inside the value', 'BLOCK_TCP="a "b" c"', 'a "b" c'],
    ["a quote at the value's end", 'BLOCK_TCP="a "b""', 'a "b"'],
    ['equal signs inside the value', 'BLOCK_TCP="a=b"', 'a=b'],
    ['CRLF line end', 'BLOCK_TCP="1"\r\n', '1'],
    ['byte order mark', '\uFEFFBLOCK_TCP="1"', '1'],
  ])('%s', (_name, text, value) => {
    expect(lex(text, 'f')).toMatchObject({ entries: [{ key: 'BLOCK_TCP', value }], findings: [] });
  });

  test('has the position of its key and of its value', () => {
    expect(lex('\n  KEY = "value"\n', 'f').entries).toEqual([
      { key: 'KEY', line: 2, keyColumn: 3, value: 'value', valueColumn: 10 },
    ]);
  });

  test('is neither a comment nor a blank line', () => {
    expect(lex('# A="1"\n\n   \n \t# B="2"\r\n\r\n', 'f')).toEqual({ entries: [], findings: [] });
  });
});

test("1.x ended a value at the second quote: the guide's KILL_ROUTE never wrote its log", () => {
  const command =
    '/sbin/iptables -I INPUT -s $TARGET$ -j DROP && echo "$TARGET$:$PORT$" >> /var/log/block.log';
  expect(lex(`KILL_ROUTE="${command}"\n`, 'f')).toMatchObject({
    entries: [{ value: command }],
    findings: [],
  });
});

describe('a value without quotes is accepted with a warning', () => {
  test.each([
    ['BLOCK_TCP=1', '1', 'f:1:11: warning: the value "1" is not in double quotes; taken as it stands'],
    ['BLOCK_TCP=1 # x', '1', 'f:1:11: warning: the value "1" is not in double quotes; taken as it stands'],
    [
      'PORT_BANNER=a#b',
      'a#b',
      'f:1:13: warning: the value "a#b" is not in double quotes; taken as it stands',
    ],
    ['PORT_BANNER=', '', 'f:1:12: warning: the value "" is not in double quotes; taken as it stands'],
    ['PORT_BANNER=# x', '', 'f:1:12: warning: the value "" is not in double quotes; taken as it stands'],
  ])('%s', (text, value, finding) => {
    expect(lex(text, 'f').entries).toMatchObject([{ value }]);
    expect(findings(text)).toEqual([finding]);
  });
});

describe('a malformed line is an error and not a setting', () => {
  test.each([
    ['no closing quote', 'A="1', 'f:1:3: error: expected a closing quote on this line, found none'],
    ['only an opening quote', 'A="', 'f:1:3: error: expected a closing quote on this line, found none'],
    [
      'rubbish after the closing quote',
      'A="1"  rubbish',
      'f:1:8: error: expected the line to end after the closing quote, found "rubbish"',
    ],
    ['single quotes', "A='1'", `f:1:3: error: expected a value in double quotes, found "'1'"`],
    ['a shell command', ' set -e', 'f:1:2: error: expected KEY="value", found "set -e"'],
    ['no key', '="1"', 'f:1:1: error: expected KEY="value", found "=\\"1\\""'],
    ['a NUL byte in a value', 'A="1\0"', 'f:1:5: error: expected text, found a NUL byte'],
    ['a NUL byte in a comment', '# \0', 'f:1:3: error: expected text, found a NUL byte'],
    ['bytes that are not UTF-8', 'A="x\uFFFD"', 'f:1:5: error: A: expected UTF-8 text, found other bytes'],
    [
      'long rubbish, which is cut',
      'x'.repeat(100),
      `f:1:1: error: expected KEY="value", found "${'x'.repeat(60)}..."`,
    ],
  ])('%s', (_name, text, finding) => {
    expect(lex(text, 'f').entries).toEqual([]);
    expect(findings(text)).toEqual([finding]);
  });

  test('does not affect the lines after it', () => {
    expect(values('rubbish\nB="2"')).toEqual([['B', '2']]);
  });
});

test('a comment that looks like the end of a command causes a warning', () => {
  const text = 'KILL_RUN_CMD="echo "$TARGET$" #1 "';
  expect(values(text)).toEqual([['KILL_RUN_CMD', 'echo "$TARGET$']]);
  expect(findings(text)).toEqual([
    'f:1:29: warning: the value ends at this quote, because a comment follows it',
  ]);
});

describe('a file that is not a configuration', () => {
  test('is not read to the end', () => {
    const { entries, findings } = lex('A="1"\n'.repeat(MAX_STATEMENTS + 5), 'f');
    expect(entries).toHaveLength(MAX_STATEMENTS);
    expect(findings).toMatchObject([{ severity: 'error', line: MAX_STATEMENTS + 1 }]);
  });

  test('with a value too long for an argument of a program is an error', () => {
    const longest = 'x'.repeat(MAX_VALUE_CHARACTERS);
    expect(lex(`A="${longest}"`, 'f')).toMatchObject({ entries: [{ value: longest }], findings: [] });
    expect(findings(`A="${longest}x"`)).toEqual([
      'f:1:4: error: A: expected at most 131071 characters, found 131072',
    ]);
  });

  test.each<[string, (length: number) => string]>([
    ['blanks without end', (length) => `A=x${' '.repeat(length)}y`],
    ['quotes without end', (length) => `A="${'" '.repeat(length / 2)}x`],
    ['a key without end', (length) => 'A'.repeat(length)],
    ['nothing but lines', (length) => '\n'.repeat(length)],
  ])('takes no time in the square of its length, which would be hours: %s', (_name, text) => {
    expect(lex(text(4_000_000), 'f').entries.length).toBeLessThanOrEqual(MAX_STATEMENTS);
  });
});
