import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PortPlot } from '../../src/report/port-plot.ts';

const DAY_MS = 86_400_000;
const dotsIn = (lines: readonly string[]) => {
  return lines.join('').match(/[\u2801-\u28ff]/g)?.length ?? 0;
};

test('without probes there is no plot', () => {
  expect(new PortPlot().lines()).toEqual([]);
});

test('low ports are at the bottom, high ones at the top, and time goes to the right', () => {
  const plot = new PortPlot();
  plot.add(DAY_MS, 1);
  plot.add(DAY_MS + 1_000, 65_535);
  const lines = plot.lines();
  expect(lines).toHaveLength(16);
  expect(lines[0]).toMatch(/^65535 ┤ +[\u2801-\u28ff]$/);
  expect(lines[15]).toMatch(/^ {6}┤[\u2801-\u28ff]$/);
  expect([plot.first, plot.last]).toEqual([DAY_MS, DAY_MS + 1_000]);
});

test('any probes, in any order, are drawn within the plot', () => {
  const probes = fc.array(fc.tuple(fc.nat(10 * DAY_MS), fc.nat(65_535)), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(probes, (all) => {
      const plot = new PortPlot();
      for (const [time, port] of all) plot.add(time, port);
      const lines = plot.lines();
      expect(dotsIn(lines)).toBeGreaterThan(0);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(PortPlot.width);
    }),
    { numRuns: 100 },
  );
});
