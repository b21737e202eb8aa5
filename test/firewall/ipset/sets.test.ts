import { expect, test } from 'vitest';
import { createLine, nameOf, PERMANENT_SETS, readSets, ruleOf } from '../../../src/firewall/ipset/sets.ts';

function described(name: string, type: string, header: string): string {
  return `Name: ${name}\nType: ${type}\nRevision: 7\nHeader: ${header}\nReferences: 1\nNumber of entries: 0\n`;
}

const BLOCK4 = 'family inet hashsize 1024 maxelem 196608 timeout 0 bucketsize 12 initval 0x1';
const SPARE6 = 'family inet6 hashsize 1024 maxelem 196608 bucketsize 12 initval 0x1';

test.each([
  ['portsentry4', 'hash:net', BLOCK4, true],
  ['portsentry4', 'hash:ip', BLOCK4, false],
  ['portsentry4', 'hash:net', BLOCK4.replace('inet', 'inet6'), false],
  ['portsentry4', 'hash:net', BLOCK4.replace(' timeout 0', ''), false],
  ['portsentry4', 'hash:net', BLOCK4.replace('196608', '131072'), false],
  ['portsentry-spare6', 'hash:net', SPARE6, true],
  ['portsentry-spare6', 'hash:net', SPARE6.replace(' bucketsize', ' timeout 0 bucketsize'), false],
  ['other', 'hash:net', BLOCK4, false],
  // Versions before 7.10 print no more than this.
  ['portsentry4', 'hash:net', 'family inet hashsize 1024 maxelem 196608 timeout 0', true],
])('%s of type %s with "%s": %j', (name, type, header, isRight) => {
  const others = described('x', 'bitmap:port', 'range 1-9');
  expect(readSets(`${others}\n${described(name, type, header)}`).get(name)).toBe(isRight);
});

test('an empty listing has no sets', () => {
  expect(readSets('').size).toBe(0);
});

test('the names of the sets, and the rule that looks into them', () => {
  expect(PERMANENT_SETS.map(nameOf)).toEqual([
    'portsentry4',
    'portsentry6',
    'portsentry-spare4',
    'portsentry-spare6',
  ]);
  expect(createLine({ role: 'block', family: 6 })).toBe(
    'create portsentry6 hash:net family inet6 maxelem 196608 timeout 0',
  );
  expect(createLine({ role: 'new', family: 4 })).toBe(
    'create portsentry-new4 hash:net family inet maxelem 196608',
  );
  expect(ruleOf(4)).toBe(
    'PREROUTING -m set ! --match-set portsentry-spare4 src -m set --match-set portsentry4 src -j DROP',
  );
});
