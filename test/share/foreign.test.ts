import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Prefix, parsePrefix } from '../../src/net/prefix.ts';
import type { Decision } from '../../src/share/engine.ts';
import { ForeignDecisions } from '../../src/share/foreign.ts';
import { NOW } from './crowdsec/given.ts';

function decision(id: string, target: string, more: Partial<Decision> = {}): Decision {
  const prefix = parsePrefix(target) as Prefix;
  return { id, target, prefix, until: NOW + 60_000, note: 'cscli: x', isPortsentry: false, ...more };
}

test('a target stays until the last of its decisions ends, and lasts as long as the longest', () => {
  const foreign = new ForeignDecisions();
  const long = decision('2', '192.0.2.1', { until: NOW + 900_000, note: 'portsentry/scan from two' });
  expect(foreign.change([decision('1', '192.0.2.1'), long], [])).toMatchObject({
    added: [{ target: '192.0.2.1', until: NOW + 900_000, note: 'portsentry/scan from two' }],
    removed: [],
  });
  expect(foreign.change([], ['2'])).toMatchObject({ added: [{ until: NOW + 60_000 }], removed: [] });
  expect(foreign.change([], ['1', '1', 'unknown'])).toEqual({ added: [], removed: ['192.0.2.1'] });
  expect([foreign.size, foreign.targetCount]).toEqual([0, 0]);
});

test('what is said again changes nothing', () => {
  const foreign = new ForeignDecisions();
  foreign.change([decision('1', '192.0.2.1')], []);
  const again = decision('1', '192.0.2.1', { until: NOW + 61_000 });
  expect(foreign.change([again], [])).toEqual({ added: [], removed: [] });
});

test('a decision that moves to another target leaves the first', () => {
  const foreign = new ForeignDecisions();
  foreign.change([decision('1', '192.0.2.1')], []);
  expect(foreign.change([decision('1', '192.0.2.2')], [])).toMatchObject({
    added: [{ target: '192.0.2.2' }],
    removed: ['192.0.2.1'],
  });
});

test('a list that follows the differences holds what the decisions say', () => {
  const step = fc.record({
    added: fc.array(fc.tuple(fc.nat(9), fc.nat(4), fc.nat(1_000_000)), { maxLength: 5 }),
    ended: fc.array(fc.nat(9), { maxLength: 5 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const foreign = new ForeignDecisions();
      const list = new Set<string>();
      for (const { added, ended } of steps) {
        const decisions = added.map(([id, last, ms]) =>
          decision(`${id}`, `192.0.2.${last}`, { until: NOW + ms }),
        );
        const change = foreign.change(
          decisions,
          ended.map((id) => `${id}`),
        );
        for (const target of change.removed) list.delete(target);
        for (const { target } of change.added) list.add(target);
        expect([...list].sort()).toEqual([...foreign.targets()].sort());
      }
    }),
  );
});
