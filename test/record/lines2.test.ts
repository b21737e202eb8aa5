import { expect, test } from 'vitest';
import { scanLine2, verdictAfter, verdictOf } from '../../src/record/lines2.ts';
import type { Reaction } from '../../src/respond/event.ts';
import type { ProbeEvent } from '../../src/track/event.ts';
import { probeEvent, udpEvent } from './given.ts';

const HEAD = 'Scan from: [10.99.0.1] (10.99.0.1) protocol:';
const SYN = `${HEAD} [TCP] port: [111] type: [TCP SYN/Normal scan] IP opts: [not set]`;

test.each<[what: string, event: ProbeEvent, line: string]>([
  [
    'already blocked',
    probeEvent({ alreadyBlocked: true }),
    `${SYN} ignored: [false] triggered: [true] noblock: [false] blocked: [true]`,
  ],
  [
    'not blocked, because a dry run acts on nobody',
    probeEvent({ ipOptions: true }),
    `${HEAD} [TCP] port: [111] type: [TCP SYN/Normal scan] IP opts: [set] ignored: [false] triggered: [true] noblock: [false] blocked: [false]`,
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
  [
    'in IGNORE_FILE',
    probeEvent({ ignored: 'ignore file 10.99.0.0/16' }),
    `${SYN} ignored: [true] triggered: [unset] noblock: [unset] blocked: [unset]`,
  ],
  [
    'spared by another rule',
    probeEvent({ ignored: 'default gateway' }),
    `${SYN} ignored: [true] triggered: [true] noblock: [true] blocked: [false]`,
  ],
])('a source that is %s has its line of 2.x', (_what, event, line) => {
  expect(scanLine2(event, event.source, verdictOf(event, 'none'))).toBe(line);
});

test.each<[Reaction, string]>([
  ['held back', 'ignored: [true] triggered: [true] noblock: [true] blocked: [false]'],
  ['under way', 'ignored: [false] triggered: [true] noblock: [false] blocked: [unset]'],
])('a reaction that is %s shows', (reaction, end) => {
  expect(scanLine2(probeEvent(), '10.99.0.1', verdictOf(probeEvent(), reaction))).toBe(`${SYN} ${end}`);
});

test('a name is in the round brackets', () => {
  expect(scanLine2(probeEvent(), 'scanner.example', verdictAfter(true))).toMatch(
    /^Scan from: \[10\.99\.0\.1\] \(scanner\.example\) protocol/,
  );
});
