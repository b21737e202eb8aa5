import { expect, test } from 'vitest';
import { shapeOf } from '../../src/track/shape.ts';
import { Tracker } from '../../src/track/tracker.ts';
import { type ProbeFields, probe } from './given.ts';

function shapeAfter(probes: ProbeFields[]) {
  const tracker = new Tracker({ trigger: 0, windowMs: 0, ipv6Prefix: 64, salt: 0, onScanEnd: () => {} });
  for (const fields of probes) tracker.observe(probe(fields));
  return shapeOf(tracker.source);
}

const SECOND = 1_000;

test.each<[string, ProbeFields[]]>([
  ['single', [{}]],
  ['single', [{}, { sourcePort: 2 }, { sourcePort: 3, at: 3_600 * SECOND }]],
  ['vertical', [{ port: 1 }, { port: 2 }]],
  ['vertical', [1, 2, 3].map((port) => ({ port, destination: `10.0.0.${port}` }))],
  ['sweep', [{}, { destination: '10.0.0.3' }]],
  ['sweep', [2, 3, 4, 5].flatMap((host) => [1, 2].map((port) => ({ port, destination: `10.0.0.${host}` })))],
  ['slow', [1, 2, 3].map((port) => ({ port, at: port * 10 * SECOND }))],
  ['slow', [2, 3, 4].map((host) => ({ destination: `10.0.0.${host}`, at: host * 3_600 * SECOND }))],
  ['vertical', [1, 2, 3].map((port) => ({ port, at: port * 9 * SECOND }))],
  ['vertical', [1, 2].map((port) => ({ port, at: port * 3_600 * SECOND }))],
])('%s', (shape, probes) => {
  expect(shapeAfter(probes)).toBe(shape);
});
