import fc from 'fast-check';
import { expect, test } from 'vitest';
import { entriesOf, idBefore } from '../../../src/share/redis/entries.ts';

test('an answer gives its entries', () => {
  const reply = [
    [
      'portsentry',
      [
        ['1-0', ['m', 'text', 's', 'signature']],
        ['1-1', ['s', 'b', 'x', 'y', 'm', 'a']],
      ],
    ],
  ];
  expect(entriesOf(reply, 10)).toEqual([
    { id: '1-0', text: 'text', signature: 'signature' },
    { id: '1-1', text: 'a', signature: 'b' },
  ]);
  expect(entriesOf(null, 10)).toEqual([]);
});

test.each([
  ['no fields', null],
  ['fields that are no list', 'm'],
  ['a field without its value', ['m']],
  ['a value that is no text', ['m', 7, 's', []]],
  ['a text that is too long', ['m', 'x'.repeat(1_025)]],
])('an entry with %s has no message', (_what, fields) => {
  expect(entriesOf([['portsentry', [['1-0', fields]]]], 10)).toEqual([
    { id: '1-0', text: null, signature: null },
  ]);
});

test.each([
  ['a number', 7],
  ['a text', 'OK'],
  ['an empty list', []],
  ['a stream without entries', [['portsentry']]],
  ['an entry without an id', [['portsentry', [[null, []]]]]],
  ['an id that is none', [['portsentry', [['now', []]]]]],
  ['an id of more than 64 bits', [['portsentry', [['18446744073709551616-0', []]]]]],
])('%s is refused', (_what, reply) => {
  expect(() => entriesOf(reply, 10)).toThrow('its answer is no list of entries');
});

test('more entries than were asked for are refused', () => {
  const entry = ['1-0', []];
  expect(() => entriesOf([['portsentry', [entry, entry, entry]]], 2)).toThrow('3 entries, asked for 2');
});

test('an answer of any form gives entries or an error of one line', () => {
  fc.assert(
    fc.property(fc.anything({ maxDepth: 5 }), (reply) => {
      try {
        return Array.isArray(entriesOf(reply, 10));
      } catch (error) {
        return !(error as Error).message.includes('\n') && error?.constructor === Error;
      }
    }),
  );
});

test.each([
  ['5-3', '5-2'],
  ['5-0', '4-18446744073709551615'],
  ['0-1', '0-0'],
  ['0-0', '0-0'],
  ['18446744073709551615-18446744073709551615', '18446744073709551615-18446744073709551614'],
])('right before %s is %s', (id, before) => {
  expect(idBefore(id)).toBe(before);
});
