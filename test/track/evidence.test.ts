import { describe, expect, test } from 'vitest';
import { EVIDENCE, isBetter, type Purpose, suffices } from '../../src/track/evidence.ts';
import { Tracker } from '../../src/track/tracker.ts';
import { address, type ProbeFields, probe } from './given.ts';

test.each<[Purpose, readonly string[]]>([
  ['block in a flood', ['reacts', 'handshake']],
  ['block that nobody can forge', ['reacts', 'handshake']],
  ['block among decoys', ['reacts', 'handshake']],
  ['block of a network', ['repeated', 'reacts', 'handshake']],
  ['share', ['reacts', 'handshake']],
])('for %s suffice: %j', (purpose, sufficient) => {
  expect(EVIDENCE.filter((evidence) => suffices(evidence, purpose))).toEqual(sufficient);
});

test('evidence is better the harder it is to forge', () => {
  const better = EVIDENCE.map((evidence) => EVIDENCE.filter((other) => isBetter(evidence, other)));
  expect(better).toEqual([[], ['spoofable'], ['spoofable', 'repeated'], ['spoofable', 'repeated', 'reacts']]);
});

function given(...probes: ProbeFields[]) {
  const tracker = new Tracker({ trigger: 0, windowMs: 0, ipv6Prefix: 64, salt: 1, onScanEnd: () => {} });
  for (const fields of probes) tracker.observe(probe(fields));
  return (text: string) => tracker.get(address(text))?.evidenceOf(address(text));
}

describe('an IPv4 source', () => {
  test('of one attempt, however often repeated, is spoofable; of two it is repeated', () => {
    expect(given({ port: 1 }, { port: 1, at: 9 })('10.0.0.1')).toBe('spoofable');
    expect(given({ port: 1 }, { port: 2 })('10.0.0.1')).toBe('repeated');
  });
});

describe('an IPv6 network', () => {
  const from = (host: number, port: number) => ({ source: `2001:db8::${host.toString(16)}`, port });

  test('is spoofable while each of its addresses sends one packet, however many there are', () => {
    const evidenceOf = given(...Array.from({ length: 500 }, (_, index) => from(1 + index, 1 + index)));
    expect(evidenceOf('2001:db8::1')).toBe('spoofable');
  });

  test('is repeated when one of them makes two different attempts in a row', () => {
    expect(given(from(1, 1), from(2, 2), from(2, 3))('2001:db8::1')).toBe('repeated');
    expect(given(from(1, 1), from(2, 2), from(2, 2))('2001:db8::1')).toBe('spoofable');
  });

  test('a proof is one of the address, and a weaker one does not replace it', () => {
    const tracker = new Tracker({ trigger: 0, windowMs: 0, ipv6Prefix: 64, salt: 1, onScanEnd: () => {} });
    tracker.observe(probe(from(1, 1)));
    const { source } = tracker;
    source.marks.prove(address('2001:db8::1'), 'handshake');
    source.marks.prove(address('2001:db8::1'), 'reacts');
    expect(source.evidenceOf(address('2001:db8::1'))).toBe('handshake');
    expect(source.evidenceOf(address('2001:db8::2'))).toBe('spoofable');
  });

  test('remembers the last proofs: an attacker proves as many of his addresses as he likes', () => {
    const tracker = new Tracker({ trigger: 0, windowMs: 0, ipv6Prefix: 64, salt: 1, onScanEnd: () => {} });
    tracker.observe(probe(from(1, 1)));
    const { source } = tracker;
    for (let host = 1; host <= 9; host++) source.marks.prove(address(from(host, 1).source), 'reacts');
    expect(source.evidenceOf(address('2001:db8::1'))).toBe('spoofable');
    expect(source.evidenceOf(address('2001:db8::9'))).toBe('reacts');
  });
});
