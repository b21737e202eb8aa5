import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LedgerEntry } from '../../src/ledger/entry.ts';
import { EveForm } from '../../src/record/eve.ts';
import type { EventForm, RecordedEvent } from '../../src/record/event-form.ts';
import { ECS_FORM } from '../../src/record/event-formats.ts';
import { parseEventLine } from '../../src/report/event-line.ts';
import { NOON, probeEvent, scanEvent, udpEvent } from '../record/given.ts';

const EVE_FORM = new EveForm('host1');

const ENTRY = {
  block: {
    target: '2001:db8:1::/64',
    since: NOON,
    until: NOON + 60_000,
    cause: { kind: 'manual', note: 'a "note"' },
  },
  method: 'nftables',
  times: 2,
} as unknown as LedgerEntry;

const { action: _, ...details } = probeEvent({ source: '2001:db8:1::7', evidence: 'reacts', tool: 'nmap' });
const outcome = {
  target: '2001:db8:1::/64',
  until: NOON + 60_000,
  times: 2,
  method: 'nftables',
  steps: [],
} as const;
const icmp = { kind: 'icmp', transport: 'icmp', destinationPort: 8 } as const;

const EVENTS: Readonly<Record<string, RecordedEvent>> = {
  'a probe': probeEvent({ evidence: 'handshake', tool: 'zmap', decoy: true, ignored: 'resolver' }),
  'a probe of UDP': udpEvent({ source: '2001:db8::1', connects: 7 }),
  'a probe of SCTP': probeEvent({ kind: 'sctp-init', transport: 'sctp' }),
  'a ping': probeEvent({ ...icmp, triggered: false }),
  'a ping of IPv6': probeEvent({ ...icmp, source: '2001:db8::1', destinationPort: 128 }),
  'a bare protocol': probeEvent({ kind: 'ip-protocol', transport: 'ip', destinationPort: 99 }),
  'a question for an address': probeEvent({ kind: 'arp', transport: 'arp', destinationPort: 0 }),
  'a probe of a capture': probeEvent({ place: { file: 'a.pcap', frame: 7, comment: null } }),
  'a scan': scanEvent({
    source: '2001:db8:1::/64',
    evidence: 'handshake',
    atLeast: true,
    ranges: [
      { transport: 'tcp', first: 1, last: 396 },
      { transport: 'ip', first: 99, last: 99 },
    ],
    targetNames: ['2001:db8::2'],
  }),
  'a scan that did not trigger': scanEvent({ triggered: false, evidence: 'spoofable', tool: null }),
  'a scan of decoys': scanEvent({ sources: 2, decoys: ['10.99.0.1', '203.0.113.7'], shape: 'decoy' }),
  decoys: {
    ...details,
    action: 'decoys',
    members: ['10.99.0.1', '203.0.113.7'],
    isOneSender: true,
    spared: true,
  },
  'a block': { ...details, ...outcome, action: 'block', reason: null },
  'a failed block': { ...details, ...outcome, action: 'block-failed', until: null, reason: 'exit status 4' },
  'a notifier': { ...details, ...outcome, action: 'notify', method: 'none', reason: null },
  'a refusal': { ...details, action: 'refused', rule: 'own address', origin: 'gateway', isSilent: false },
  'the end of a block': { action: 'unblock', time: NOON, entry: ENTRY, how: 'unblocked', rule: 'a rule' },
};

const read = (form: EventForm, event: RecordedEvent) => parseEventLine(form.line(event, true));

test.each(Object.entries(EVENTS))('EVE says the same as ECS: %s', (_name, event) => {
  const expected = read(ECS_FORM, event);
  expect(expected).toMatchObject({ action: event.action });
  expect(read(EVE_FORM, event)).toEqual(expected);
});

test('EVE says the same as ECS: a block by hand', () => {
  const expected = parseEventLine(ECS_FORM.blockByHandLine(ENTRY));
  expect(expected).toMatchObject({ action: 'block', kind: 'manual', note: 'a "note"', destination: null });
  expect(parseEventLine(EVE_FORM.blockByHandLine(ENTRY))).toEqual(expected);
});

const SURICATA = {
  timestamp: '2026-11-22T13:33:37.123456+0000',
  event_type: 'alert',
  src_ip: '192.0.2.1',
  src_port: 40_000,
  dest_ip: '203.0.113.10',
  dest_port: 22,
  proto: 'TCP',
  alert: { action: 'allowed', signature: 'ET SCAN', severity: 1 },
};

test.each([
  ['an alert of Suricata itself', SURICATA],
  ['no address', { ...SURICATA, src_ip: 'x', portsentry: { action: 'probe' } }],
  ['no time', { ...SURICATA, timestamp: 'x', portsentry: { action: 'probe' } }],
  ['an unknown action', { ...SURICATA, portsentry: { action: 'toString' } }],
  ['no fields of ours', { ...SURICATA, portsentry: 'probe' }],
])('no event: %s', (_name, line) => {
  expect(parseEventLine(JSON.stringify(line))).toBeNull();
});

test('what a line does not say is not known, and what is not as it must be is left out', () => {
  expect(parseEventLine(JSON.stringify({ ...SURICATA, portsentry: { action: 'probe' } }))).toEqual({
    action: 'probe',
    time: Date.parse('2026-11-22T13:33:37.123Z'),
    source: '192.0.2.1',
    mode: null,
    kind: 'unknown',
    transport: 'tcp',
    destination: '203.0.113.10',
    port: 22,
    connects: 1,
    triggered: false,
    ignored: null,
    evidence: null,
    tool: null,
    decoy: false,
  });
  const wrong = {
    ...SURICATA,
    proto: 7,
    dest_port: 65_536,
    dest_ip: {},
    portsentry: { action: 'probe', tool: 5 },
  };
  expect(parseEventLine(JSON.stringify(wrong))).toMatchObject({
    transport: null,
    port: null,
    destination: null,
    tool: null,
  });
});

test('whatever stands in a line, it is an event with a time and an address, or none', () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('192.0.2.1', '2001:db8::/32', 'probe', 'scan', 'block', SURICATA.timestamp),
  );
  const own = fc.record({
    action: value,
    source: value,
    target: value,
    scan: value,
    decoys: value,
    until: value,
  });
  const line = fc.record(
    { timestamp: value, src_ip: value, dest_ip: value, dest_port: value, proto: value, portsentry: own },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(line, (fields) => {
      const event = parseEventLine(JSON.stringify(fields));
      if (event === null) return;
      expect(Number.isFinite(event.time)).toBe(true);
      expect(isIP(event.source.replace(/\/.*/, ''))).not.toBe(0);
    }),
  );
});
