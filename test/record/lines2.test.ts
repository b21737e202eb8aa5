import { expect, test } from 'vitest';
import { scanLine2, verdictOf } from '../../src/record/lines2.ts';
import type { ProbeEvent } from '../../src/track/event.ts';
import { probeEvent, udpEvent } from './given.ts';

const HEAD = 'Scan from: [10.99.0.1] (10.99.0.1) protocol:';

const EVENTS: [what: string, event: ProbeEvent, line: string][] = [
  [
    'already blocked',
    probeEvent({ alreadyBlocked: true }),
    `${HEAD} [TCP] port: [111] type: [TCP SYN/Normal scan] IP opts: [not set] ignored: [false] triggered: [true] noblock: [false] blocked: [true]`,
  ],
  [
    'about to be blocked',
    probeEvent({ ipOptions: true }),
    `${HEAD} [TCP] port: [111] type: [TCP SYN/Normal scan] IP opts: [set] ignored: [false] triggered: [true] noblock: [false] blocked: [unset]`,
  ],
  [
    'only logged',
    udpEvent({ noBlock: true }),
    `${HEAD} [UDP] port: [9] type: [UDP] IP opts: [not set] ignored: [false] triggered: [true] noblock: [true] blocked: [false]`,
  ],
  [
    'before the trigger',
    probeEvent({ kind: 'connect', mode: 'tcp', triggered: false }),
    `${HEAD} [TCP] port: [111] type: [Connect] IP opts: [unknown] ignored: [false] triggered: [false] noblock: [unset] blocked: [unset]`,
  ],
];

test.each(EVENTS)('a source that is %s has its line of 2.x', (_what, event, line) => {
  expect(scanLine2(event, event.source, verdictOf(event))).toBe(line);
});

test('a name is in the round brackets', () => {
  expect(scanLine2(probeEvent(), 'scanner.example', verdictOf(probeEvent()))).toMatch(
    /^Scan from: \[10\.99\.0\.1\] \(scanner\.example\) protocol/,
  );
});
