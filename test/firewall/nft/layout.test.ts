import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { type Layout, NO_TABLE, repairScript, type TableState } from '../../../src/firewall/nft/layout.ts';
import { BASE_SETS, type SetKey } from '../../../src/firewall/nft/sets.ts';
import { targetOf } from '../given.ts';

const SPARE: SetKey = { list: 'spare', family: 4, length: 24 };
const lines = (state: TableState, layout: Partial<Layout>) =>
  repairScript(state, { keys: BASE_SETS, spared: new Map(), reportGroup: null, ...layout }).split('\n');

test('the chain covers forwarded packets, and spared sources come first', () => {
  const text = lines(NO_TABLE, { keys: [...BASE_SETS, { list: 'block', family: 4, length: 8 }, SPARE] });
  expect(text).toContain('type filter hook prerouting priority -310; policy accept;');
  expect(text.filter((line) => line.startsWith('ip'))).toEqual([
    'ip saddr & 255.255.255.0 @spare4_24 accept',
    'ip saddr @block4_32 counter name dropped4 drop',
    'ip saddr & 255.0.0.0 @block4_8 counter name dropped4 drop',
    'ip6 saddr @block6_128 counter name dropped6 drop',
  ]);
});

test('chains are made anew, and only wrong sets are', () => {
  const sets = new Map([
    ['block4_32', true],
    ['block6_128', false],
  ]);
  const text = lines({ table: 7, chains: ['guard', 'prerouting'], sets, text: '' }, {});
  expect(text.filter((line) => /^(flush|delete)/.test(line))).toEqual([
    'flush chain inet portsentry guard',
    'flush chain inet portsentry prerouting',
    'delete chain inet portsentry guard',
    'delete chain inet portsentry prerouting',
    'delete set inet portsentry block6_128',
  ]);
});

test('the spared sources replace the earlier ones', () => {
  const text = lines(NO_TABLE, {
    keys: [...BASE_SETS, SPARE],
    spared: new Map([['spare4_24', [targetOf('192.0.2.0/24')]]]),
  });
  const flush = text.indexOf('flush set inet portsentry spare4_24');
  const filled = text.findIndex(
    (line) => line.includes('spare4_24') && line.includes('elements = { 192.0.2.0 }'),
  );
  expect(flush).toBeGreaterThan(0);
  expect(filled).toBeGreaterThan(flush);
});

test('while a sensor reads a group, blocked sources are reported to it before they are dropped', () => {
  const text = lines(NO_TABLE, { reportGroup: 7 });
  expect(text).toContain('ip saddr @block4_32 goto blocked4');
  const chain = text.indexOf('chain blocked4 {');
  expect(text.slice(chain + 1, text.indexOf('}', chain))).toEqual([
    'limit rate 100/second burst 100 packets log prefix "blocked" group 7 snaplen 2048 queue-threshold 1',
    'counter name dropped4 drop',
  ]);
  execFileSync('unshare', ['--net', 'nft', '-c', '-f', '-'], { input: text.join('\n'), stdio: 'pipe' });
});

test('nft 0.9.8 dies of a set in a table that the same script has added before: none is', () => {
  expect(lines(NO_TABLE, {})[0]).toBe('table inet portsentry {');
});
