import { expect, test } from 'vitest';
import { scanText } from '../../src/record/scan-text.ts';
import type { Answered, ScanEvent } from '../../src/track/event.ts';
import type { ScannedRange } from '../../src/track/ranges.ts';
import { scanEvent } from './given.ts';

const port = (number: number, address = '10.99.0.2', transport: Answered['transport'] = 'tcp'): Answered => ({
  address,
  transport,
  port: number,
});
const single = (first: number): ScannedRange => ({ transport: 'tcp', first, last: first });

/** The clauses after the beginning. */
const clausesOf = (fields: Partial<ScanEvent>) =>
  scanText(scanEvent(fields), 'then').split('; began then; ')[1];

test.each<[string, Partial<ScanEvent>, string]>([
  ['one target', { targetNames: ['10.99.0.2'] }, 'target 10.99.0.2'],
  ['many targets', { targets: 254, targetNames: ['a', 'b', 'c', 'd', 'e'] }, 'targets a b c d and 250 more'],
  [
    'ports of several transports',
    {
      ranges: [
        { transport: 'tcp', first: 1, last: 390 },
        { transport: 'udp', first: 53, last: 59 },
      ],
    },
    'ports TCP 1-390 UDP 53-59',
  ],
  ['many ranges', { ranges: Array.from({ length: 20 }, (_, at) => single(2 * at)) }, 'and 4 more ranges'],
  [
    'ranges that cover others',
    { ranges: [{ transport: 'tcp', first: 1, last: 999 }] },
    'ports within TCP 1-999',
  ],
  ['nothing that answered', { answered: [] }, 'none of 397 ports answered'],
  [
    'what answered',
    { answered: [port(443), port(22), port(53, '10.99.0.2', 'udp')], tried: 400 },
    '3 of 400 ports answered: 22, 443, UDP 53 of 10.99.0.2',
  ],
  [
    'one port of several addresses',
    { answered: [port(22), port(22, '10.99.0.3')], tried: 398 },
    '1 of 398 ports answered: 22 of 10.99.0.2; 22 of 10.99.0.3',
  ],
  [
    'a sweep of one port',
    { answered: [port(22), port(22, '10.99.0.3')], tried: 1, targets: 57 },
    '2 of 59 addresses answered: 22 of 10.99.0.2; 22 of 10.99.0.3',
  ],
  [
    'more than is named',
    { answered: Array.from({ length: 64 }, (_, at) => port(at, `10.0.0.${at % 10}`)), tried: 461 },
    'at least 64 of at least 461 ports answered: 0, 10, 20, 30, 40, 50, 60 of 10.0.0.0; ',
  ],
])('%s', (_what, fields, text) => {
  expect(clausesOf(fields)).toContain(text);
});

test.each<[string, Partial<ScanEvent>]>([
  ['where that is not known', {}],
  ['to a FIN scan, to which no open port answers', { kinds: ['fin'], answered: [] }],
  ['to a traceroute', { shape: 'traceroute', kinds: ['udp'], answered: [] }],
  ['to an ARP sweep', { shape: 'arp sweep', kinds: ['arp'], answered: [] }],
])('nothing is said of answers %s', (_what, fields) => {
  expect(scanText(scanEvent(fields), 'then')).not.toContain('answered');
});

test('the sources of a flood have no names, and single is no shape worth a word', () => {
  const flood = scanText(scanEvent({ shape: 'flood', sources: 300, decoys: ['a', 'b'] }), 'then');
  expect(flood).toMatch(/^Scan by 300 sources ended: .*, flood; /);
  expect(scanText(scanEvent({ shape: 'single' }), 'then')).not.toContain('single');
});
