import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatMetrics } from '../../src/metrics/exposition.ts';

test('a metric has its help, its type and a line for each sample', () => {
  const text = formatMetrics([
    { name: 'a_total', type: 'counter', help: 'All a.', samples: [{ value: 3 }] },
    {
      name: 'b',
      type: 'gauge',
      help: 'b\nand \\c',
      samples: [{ labels: { x: 'say "no"\\', y: '\n' }, value: 0.5 }, { value: Number.POSITIVE_INFINITY }],
    },
  ]);
  expect(text).toBe(
    [
      '# HELP a_total All a.',
      '# TYPE a_total counter',
      'a_total 3',
      '# HELP b b\\nand \\\\c',
      '# TYPE b gauge',
      'b{x="say \\"no\\"\\\\",y="\\n"} 0.5',
      'b +Inf',
      '',
    ].join('\n'),
  );
});

test('no label value breaks out of its line or its quotes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (value) => {
      const samples = [{ labels: { x: value }, value: 1 }];
      const lines = formatMetrics([{ name: 'a', type: 'gauge', help: 'a', samples }]).split('\n');
      expect(lines).toHaveLength(4);
      const quoted = /^a\{x="((?:[^"\\]|\\["\\n])*)"\} 1$/u.exec(lines[2] as string)?.[1];
      const read = quoted?.replace(/\\(["\\n])/g, (_, char) => (char === 'n' ? '\n' : char));
      expect(read).toBe(value);
    }),
  );
});
