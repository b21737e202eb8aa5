import { expect, test } from 'vitest';
import { type Address, parseAddress } from '../../../src/net/address.ts';
import { type Prefix, parsePrefix } from '../../../src/net/prefix.ts';
import { type ListMember, NamedList } from '../../../src/respond/lists/named-list.ts';

const member = (text: string, until: number | null = null): ListMember => ({
  prefix: parsePrefix(text) as Prefix,
  until,
  note: text,
});
const noteOf = (list: NamedList, address: string) => list.match(parseAddress(address) as Address)?.note;

test('a list finds the longest prefix, and forgets what is deleted or has ended', () => {
  const list = new NamedList('drop', 'loaded', 0);
  list.replace([member('10.0.0.0/8'), member('10.1.0.0/16', 100), member('2001:db8::/32')]);
  expect([
    list.size,
    noteOf(list, '10.1.2.3'),
    noteOf(list, '10.2.2.3'),
    noteOf(list, '2001:db8::1'),
  ]).toEqual([3, '10.1.0.0/16', '10.0.0.0/8', '2001:db8::/32']);
  expect(list.takeEnded(99)).toEqual([]);
  expect(list.takeEnded(100)).toEqual([member('10.1.0.0/16', 100)]);
  expect(noteOf(list, '10.1.2.3')).toBe('10.0.0.0/8');
  expect(list.delete('10.0.0.0/8')).toEqual(member('10.0.0.0/8'));
  expect(list.delete('10.0.0.0/8')).toBeUndefined();
  expect([list.size, noteOf(list, '10.1.2.3')]).toEqual([1, undefined]);
  list.replace([member('192.0.2.1')]);
  expect([...list.members()]).toEqual([member('192.0.2.1')]);
});
