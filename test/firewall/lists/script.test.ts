import { expect, test } from 'vitest';
import type { ListEntry } from '../../../src/firewall/lists/entry.ts';
import { type ListSet, SPARED, setFor } from '../../../src/firewall/lists/names.ts';
import { changing, declaring, ruling } from '../../../src/firewall/lists/script.ts';
import { type Prefix, parsePrefix } from '../../../src/net/prefix.ts';
import { runScript } from '../../../src/nft/script.ts';

const NOW = 1_795_354_417_000;
const prefixOf = (text: string) => parsePrefix(text) as Prefix;
const entry = (text: string, leftMs: number | null = null): ListEntry => ({
  prefix: prefixOf(text),
  until: leftMs === null ? null : NOW + leftMs,
});
const setOf = (list: string, text: string): ListSet => setFor(list, prefixOf(text), 3);
const NONE = { added: [], replaced: [], removed: [] };
const NOTHING = { sets: [], lists: [] };

test('what is added is declared; what may exist is added, deleted and added again; what has ended is not added', () => {
  const script = changing(
    'drop',
    3,
    {
      added: [entry('10.0.0.0/8'), entry('11.0.0.0/8', 1_500), entry('12.0.0.0/8', 0)],
      replaced: [entry('192.0.2.1', 86_400_000)],
      removed: [entry('2001:db8::/32'), entry('192.0.2.2', 1)],
    },
    NOW,
  );
  const set = (name: string, family: 4 | 6, elements: string) =>
    `set ${name} { type ipv${family}_addr; size 200000; flags timeout; elements = { ${elements} }; };`;
  expect(script.trimEnd().split('\n')).toEqual([
    'flush chain inet portsentry_lists guard',
    'table inet portsentry_lists {',
    set('drop_4_32_3', 4, '192.0.2.1, 192.0.2.2'),
    set('drop_6_32_3', 6, '2001:db8::'),
    '}',
    'delete element inet portsentry_lists drop_4_32_3 { 192.0.2.1, 192.0.2.2 }',
    'delete element inet portsentry_lists drop_6_32_3 { 2001:db8:: }',
    'table inet portsentry_lists {',
    set('drop_4_8_3', 4, '10.0.0.0, 11.0.0.0 timeout 0d1s500ms'),
    set('drop_4_32_3', 4, '192.0.2.1 timeout 1d0s0ms'),
    '}',
  ]);
});

test('what passes is asked first, then each list by length', () => {
  const rules = ruling(
    [setOf('drop', '10.0.0.0/8'), setOf(SPARED, '192.0.2.1'), setOf('drop', '2001:db8::/32')],
    { sets: [{ ...setOf('old', '10.0.0.1'), generation: 2 }], lists: ['old'] },
  );
  expect(rules.trimEnd().split('\n')).toEqual([
    'flush chain inet portsentry_lists prerouting',
    'table inet portsentry_lists {',
    'chain prerouting {',
    'type filter hook prerouting priority -309; policy accept;',
    'ip saddr @spared_4_32_3 accept',
    'ip saddr & 255.0.0.0 @drop_4_8_3 counter name dropped_drop drop',
    'ip6 saddr & ffff:ffff:: @drop_6_32_3 counter name dropped_drop drop',
    '}',
    '}',
    'delete set inet portsentry_lists old_4_32_2',
    'add counter inet portsentry_lists dropped_old',
    'delete counter inet portsentry_lists dropped_old',
  ]);
});

// The real nft checks the text of each script, after the table that it changes.
const SETS = [
  setOf('drop', '10.0.0.0/8'),
  setOf('drop', '192.0.2.1'),
  setOf('a-b_c', '2001:db8::/32'),
  setOf(SPARED, '192.0.2.0/24'),
];
const TABLE = `${declaring(['drop', 'a-b_c'], SETS)}${ruling(SETS, NOTHING)}`;

test.each<[name: string, script: string]>([
  ['the whole table', ''],
  [
    'a list more',
    `${declaring(['table'], [setOf('table', '10.0.0.1')])}${ruling([...SETS, setOf('table', '10.0.0.1')], NOTHING)}`,
  ],
  ['a list less', ruling(SETS.slice(2), { sets: SETS.slice(0, 2), lists: ['drop'] })],
  [
    'more elements',
    changing('drop', 3, { ...NONE, added: [entry('11.0.0.0/8'), entry('192.0.2.9', 1)] }, NOW),
  ],
  [
    'fewer elements',
    changing('drop', 3, { ...NONE, removed: [entry('11.0.0.0/8'), entry('192.0.2.9')] }, NOW),
  ],
  ['other ends', changing('drop', 3, { ...NONE, replaced: [entry('11.0.0.0/8', 5_000)] }, NOW)],
  ['no change', changing('drop', 3, NONE, NOW)],
])('nft takes %s', async (_name, script) => {
  expect(await runScript(`${TABLE}${script}`, ['-c'])).toMatchObject({ failure: null });
});
