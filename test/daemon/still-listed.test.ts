import { expect, test } from 'vitest';
import type { Answer } from '../../src/control/handlers.ts';
import { withLists } from '../../src/daemon/still-listed.ts';
import { formatPrefix, overlaps, type Prefix, parsePrefix } from '../../src/net/prefix.ts';
import { NamedList } from '../../src/respond/lists/named-list.ts';

const prefixOf = (text: string) => parsePrefix(text) as Prefix;

/** A list that an administrator has loaded, and one that comes from an engine. */
function lists() {
  const all = [
    { list: new NamedList('drop', 'loaded', 0), entries: ['198.18.0.0/15', '203.0.113.7'] },
    { list: new NamedList('redis', 'shared', 0), entries: ['2001:db8:5::/64'] },
  ];
  return {
    get: (name: string) => all.find(({ list }) => list.name === name)?.list,
    matches: (address: Prefix['address']) =>
      all.flatMap(({ list, entries }) =>
        entries
          .filter((entry) => overlaps(prefixOf(entry), { address, length: 128 }))
          .map((entry) => ({
            list: list.name,
            target: formatPrefix(prefixOf(entry)),
            until: null,
            note: null,
          })),
      ),
  };
}

test.each([
  [
    '198.18.0.1',
    ', but 198.18.0.0/15 is in the list drop, which shuts it out: portsentry unblock --list drop',
  ],
  ['203.0.113.7', ', but it is in the list drop, which shuts it out: portsentry unblock --list drop'],
  [
    '2001:db8:5::77',
    ', but 2001:db8:5::/64 is in the list redis, which shuts it out: portsentry unblock 2001:db8:5::/64',
  ],
  ['192.0.2.1', ''],
  ['198.0.0.0/8', ''],
])('of %s the answer tells%s', (target, more) => {
  for (const outcome of ['done', 'absent'] as const) {
    const answer: Answer = { outcome, message: `${target} is not blocked` };
    expect(withLists(target, answer, lists())).toEqual({ outcome, message: `${answer.message}${more}` });
  }
});

test('what is told already, or failed, is left as it is', () => {
  const told: Answer = { outcome: 'done', message: 'it stays in the list drop: a note' };
  expect(withLists('203.0.113.7', told, lists())).toBe(told);
  const failed: Answer = { outcome: 'failed', message: 'no' };
  expect(withLists('198.18.0.1', failed, lists())).toBe(failed);
});
