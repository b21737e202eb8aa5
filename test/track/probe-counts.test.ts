import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Kind } from '../../src/classify/kind.ts';
import { TOOL_NAMES } from '../../src/classify/tool.ts';
import { MODE_NAMES } from '../../src/config/config.ts';
import { modePlace, ProbeCounts } from '../../src/track/probe-counts.ts';
import { SHAPES } from '../../src/track/shape.ts';

const KINDS = Object.values(Kind).filter((kind) => kind !== Kind.none);
const TOOLS = [...TOOL_NAMES, null];

test('each kind and mode, and each shape and tool, has a count of its own', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...KINDS), fc.constantFrom(...MODE_NAMES))),
      fc.array(fc.tuple(fc.constantFrom(...SHAPES), fc.constantFrom(...TOOLS))),
      (probes, scans) => {
        const counts = new ProbeCounts();
        for (const [kind, mode] of probes) counts.addProbe(kind, modePlace(mode));
        for (const [shape, tool] of scans) counts.addScan(shape, tool);
        for (const kind of KINDS)
          for (const mode of MODE_NAMES)
            expect(counts.probes(kind, mode)).toBe(
              probes.filter((probe) => probe[0] === kind && probe[1] === mode).length,
            );
        for (const shape of SHAPES)
          for (const tool of TOOLS)
            expect(counts.scans(shape, tool)).toBe(
              scans.filter((scan) => scan[0] === shape && scan[1] === tool).length,
            );
        counts.clear();
        expect(counts.probes(Kind.syn, 'atcp') + counts.scans('single', null)).toBe(0);
      },
    ),
    { numRuns: 30 },
  );
});
