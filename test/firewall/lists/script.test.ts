import { expect, test } from 'vitest';
import type { ListEntry } from '../../../src/firewall/lists/entry.ts';
import { LIST_SETS } from '../../../src/firewall/lists/names.ts';
import {
  contentOf,
  replacement,
  restructuring,
  singleChanges,
  sparing,
  wholeTable,
} from '../../../src/firewall/lists/script.ts';
import { type Prefix, parsePrefix } from '../../../src/net/prefix.ts';
import { runScript } from '../../../src/nft/script.ts';

const NOW = 1_795_354_417_000;
const prefixOf = (text: string) => parsePrefix(text) as Prefix;
const entry = (text: string, leftMs: number | null = null): ListEntry => ({
  prefix: prefixOf(text),
  until: leftMs === null ? null : NOW + leftMs,
});
const ENTRIES = [
  entry('192.0.2.1', 1_500),
  entry('10.0.0.0/8'),
  entry('2001:db8::1'),
  entry('2001:db8::/32', 86_400_000),
];

test('entries are sorted into the sets, without what has ended or lies in a range', () => {
  const content = contentOf([...ENTRIES, entry('192.0.2.2', 0), entry('10.1.0.0/16')], NOW);
  expect(Object.fromEntries(LIST_SETS.map((set) => [`${set.holds}${set.family}`, content.get(set)]))).toEqual(
    {
      address4: ['192.0.2.1 timeout 0d1s500ms'],
      address6: ['2001:db8::1'],
      range4: ['10.0.0.0/8'],
      range6: ['2001:db8::/32 timeout 1d0s0ms'],
    },
  );
});

// The real nft checks the text of each script, after the tables that it changes.
const TABLE = wholeTable(
  new Map([
    ['drop', contentOf(ENTRIES, NOW)],
    ['a-b_c', contentOf([], NOW)],
  ]),
  [prefixOf('192.0.2.0/24'), prefixOf('192.0.2.7'), prefixOf('fe80::/10')],
);

test.each<[name: string, script: string]>([
  ['the whole table', ''],
  ['a list more', restructuring(['drop', 'a-b_c', 'table'], null)],
  ['a list less', restructuring(['a-b_c'], 'drop')],
  ['another content', replacement('drop', contentOf([entry('11.0.0.0/8'), entry('192.0.2.9')], NOW))],
  ['no content', replacement('drop', contentOf([], NOW))],
  [
    'single addresses',
    singleChanges(
      'drop',
      [entry('192.0.2.1', 5_000), entry('192.0.2.3')],
      [entry('2001:db8::1'), entry('192.0.2.8')],
      NOW,
    ),
  ],
  ['what passes', sparing([prefixOf('10.0.0.0/8'), prefixOf('10.0.0.0/16')])],
])('nft takes %s', async (_name, script) => {
  expect(await runScript(`${TABLE}${script}`, ['-c'])).toMatchObject({ failure: null });
});
