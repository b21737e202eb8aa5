import { describe, expect, test } from 'vitest';
import { modeList } from '../../src/config/modes.ts';
import {
  choice,
  decimal,
  duration,
  fileMode,
  flag,
  integer,
  interfaceList,
  optional,
  type Parsed,
  portList,
  words,
} from '../../src/config/values.ts';

/** The value, or `offset: expected X, found Y`. */
function resultOf<T>(parsed: Parsed<T>): T | string {
  return parsed.ok ? parsed.value : `${parsed.offset}: expected ${parsed.expected}, found ${parsed.found}`;
}

describe('port lists', () => {
  test.each([
    ['1', '1'],
    ['1,7-9', '1,7-9'],
    ['9,8,7,1', '1,7-9'],
    ['1, 7 - 9 ,11', '1,7-9,11'],
    ['5-5', '5'],
    ['1-65535', '1-65535'],
    ['1-10,5-20', '1-20'],
    ['1,', '1'],
    [',1', '1'],
    ['1,,2', '1-2'],
    ['1, ,2,', '1-2'],
    ['', ''],
    ['  ', ''],
  ])('%j becomes %j', (text, ports) => {
    expect(String(resultOf(portList.parse(text)))).toBe(ports);
  });

  const port = 'a port from 1 to 65535 or a range such as 7-9';
  test.each([
    ['0', `0: expected ${port}, found "0"`],
    ['65536', `0: expected ${port}, found "65536"`],
    ['1,70000', `2: expected ${port}, found "70000"`],
    ['1,  http', `4: expected ${port}, found "http"`],
    ['-1', `0: expected ${port}, found "-1"`],
    ['1-', `0: expected ${port}, found "1-"`],
    ['1-70000', `0: expected ${port}, found "1-70000"`],
    ['0-10', `0: expected ${port}, found "0-10"`],
    ['1-2-3', `0: expected ${port}, found "1-2-3"`],
    ['1 2', `0: expected ${port}, found "1 2"`],
    ['1e3', `0: expected ${port}, found "1e3"`],
    [',', `0: expected ${port}, found nothing`],
    [' , ,', `0: expected ${port}, found nothing`],
    ['1,9-7', '2: expected a range with its lower port first, found "9-7"'],
  ])('%j is refused', (text, message) => {
    expect(resultOf(portList.parse(text))).toBe(message);
  });
});

describe('numbers and words', () => {
  const time = duration({ forEver: true });
  test.each([
    ['integer', integer(1, 65535), '65355', 65355],
    ['decimal', decimal(1, 1000), '1.5', 1.5],
    ['flag', flag, '1', true],
    ['choice of numbers', choice(0, 1, 2), '2', 2],
    ['choice of words', choice('a', 'b'), 'b', 'b'],
    ['seconds', time, '30s', 30_000],
    ['minutes', time, '5m', 300_000],
    ['hours', time, '24h', 86_400_000],
    ['days', time, '7d', 604_800_000],
    ['for ever', time, '0', 0],
    ['interfaces', interfaceList, 'eth0', ['eth0']],
    ['text', words('a text'), 'some text', 'some text'],
    ['nothing', optional(words('a text')), '', null],
    ['modes', modeList, 'atcp,audp', ['atcp', 'audp']],
  ])('%s: parsed and formatted', (_name, kind, text, value) => {
    expect(resultOf<unknown>(kind.parse(text))).toEqual(value);
    expect((kind.format as (value: unknown) => string)(value)).toBe(text);
  });

  const aTime = 'a time such as 90s, 5m, 1h30m, 2d or 1w, or a number of seconds, at most 3650d';
  test.each([
    ['integer too small', integer(1, 9), '0', '0: expected a number from 1 to 9, found "0"'],
    ['integer too large', integer(1, 65535), '65536', '0: expected a number from 1 to 65535, found "65536"'],
    ['not an integer', integer(1, 9), '1.5', '0: expected a number from 1 to 9, found "1.5"'],
    ['integer without digits', integer(0, 9), '', '0: expected a number from 0 to 9, found nothing'],
    ['hexadecimal', integer(0, 99), '0x10', '0: expected a number from 0 to 99, found "0x10"'],
    ['decimal', decimal(1, 2), '0.5', '0: expected a number from 1 to 2, found "0.5"'],
    ['flag', flag, 'yes', '0: expected "0" or "1", found "yes"'],
    ['choice', choice(0, 1, 2), '3', '0: expected "0", "1" or "2", found "3"'],
    [
      'choice',
      choice('keep', 'release'),
      'kepp',
      '0: expected "keep" or "release" (did you mean keep?), found "kepp"',
    ],
    ['time with a wrong unit', time, '2y', `0: expected ${aTime}, or 0 for ever, found "2y"`],
    ['time with a smaller unit first', time, '30m1h', `0: expected ${aTime}, or 0 for ever, found "30m1h"`],
    ['the same unit twice', time, '1h1h', `0: expected ${aTime}, or 0 for ever, found "1h1h"`],
    ['time with a sign', time, '-5m', `0: expected ${aTime}, or 0 for ever, found "-5m"`],
    ['no time', time, '', `0: expected ${aTime}, or 0 for ever, found nothing`],
    ['time too long', time, '3651d', `0: expected ${aTime}, or 0 for ever, found "3651d"`],
    ['a time of zero', time, '0s', `0: expected ${aTime}, or 0 for ever, found "0s"`],
    ['a command without a time limit', duration({ forEver: false }), '0', `0: expected ${aTime}, found "0"`],
    ['empty text', words('a path'), '  ', '0: expected a path, found nothing'],
    ['no interface', interfaceList, ' , ', '0: expected ALL, ALL_NLO or names of interfaces, found " , "'],
    [
      'interface name too long',
      interfaceList,
      'eth0 sixteen-letters-',
      '5: expected ALL, ALL_NLO or the name of an interface, found "sixteen-letters-"',
    ],
    ['two TCP modes', modeList, 'tcp,atcp', '4: expected at most one TCP mode, found "atcp"'],
  ])('%s is refused', (_name, kind, text, message) => {
    expect(resultOf<unknown>(kind.parse(text))).toBe(message);
  });

  test.each([
    ['3600', 3_600_000],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
    ['1w', 604_800_000],
    ['1w2d3h4m5s', 788_645_000],
    ['24h', 86_400_000],
  ])('the time %s is %i ms, and is read back as it is shown', (text, ms) => {
    expect(resultOf(time.parse(text))).toBe(ms);
    expect(resultOf(time.parse(time.format(ms)))).toBe(ms);
  });

  test('the message for an unknown word suggests the nearest one', () => {
    expect(resultOf(choice('keep', 'release').parse('relase'))).toBe(
      '0: expected "keep" or "release" (did you mean release?), found "relase"',
    );
  });

  test('the message for an unknown mode suggests the nearest one', () => {
    expect(resultOf(modeList.parse('stcp audb'))).toBe(
      '5: expected "tcp", "stcp", "atcp", "udp", "sudp" or "audp" (did you mean audp?), found "audb"',
    );
  });

  test('commas or blanks separate interfaces, and each counts once', () => {
    expect(resultOf(interfaceList.parse('eth0, eth1 eth0,ALL'))).toEqual(['eth0', 'eth1', 'ALL']);
  });
});

describe('file modes', () => {
  test.each([
    ['0640', { bits: 0o640, group: null }],
    ['644', { bits: 0o644, group: null }],
    ['0640:adm', { bits: 0o640, group: 'adm' }],
  ])('%s', (text, value) => {
    expect(fileMode.parse(text)).toEqual({ ok: true, value });
    expect(fileMode.parse(fileMode.format(value))).toEqual({ ok: true, value });
  });

  test.each([
    ['0750', /a mode such as 0640/],
    ['640:', /a mode such as 0640/],
    ['u=rw', /a mode such as 0640/],
    ['0440', /lets the owner read and write/],
    ['0660', /lets nobody else write/],
    ['0646', /lets nobody else write/],
    ['0640:a b', /a mode such as 0640/],
  ])('%s is refused', (text, expected) => {
    expect(fileMode.parse(text)).toMatchObject({ ok: false, expected: expect.stringMatching(expected) });
  });
});
