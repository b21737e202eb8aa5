import { describe, expect, test } from 'vitest';
import type { LedgerEntry } from '../../src/ledger/entry.ts';
import { EveForm } from '../../src/record/eve.ts';
import { EVIDENCE } from '../../src/track/evidence.ts';
import { NOON, probeEvent, scanEvent, udpEvent } from './given.ts';

const form = new EveForm('host1');
const eve = (...words: Parameters<EveForm['line']>) => JSON.parse(form.line(...words));

test('a probe is an alert with the fields that Suricata has, in its types', () => {
  expect(eve(probeEvent({ evidence: 'handshake', kind: 'connect', mode: 'tcp' }))).toEqual({
    timestamp: '2026-11-22T13:33:37.123000+0000',
    event_type: 'alert',
    src_ip: '10.99.0.1',
    src_port: 41302,
    dest_ip: '10.99.0.2',
    dest_port: 111,
    proto: 'TCP',
    alert: {
      action: 'allowed',
      gid: 1,
      signature_id: expect.any(Number),
      rev: 1,
      signature: 'PORTSENTRY Connect',
      category: 'Detection of a Network Scan',
      severity: 1,
    },
    host: 'host1',
    portsentry: {
      message: 'Connect from 10.99.0.1 to 10.99.0.2 TCP port 111',
      action: 'probe',
      mode: 'tcp',
      kind: 'connect',
      connects: 1,
      triggered: true,
      ignored: null,
      repeat: false,
      ip_options: false,
      fragmented: false,
      evidence: 'handshake',
      tool: null,
      decoy: false,
    },
  });
});

describe('severity 1 is only for what nobody else can make true, and what would be blocked here', () => {
  const severity = (fields: Parameters<typeof probeEvent>[0]) => eve(probeEvent(fields)).alert.severity;
  test.each(EVIDENCE)('%s', (evidence) => {
    const proven = evidence === 'handshake' || evidence === 'reacts';
    expect(severity({ evidence })).toBe(proven ? 1 : 3);
    expect(severity({ evidence, triggered: false })).toBe(3);
    expect(severity({ evidence, ignored: 'resolver 10.99.0.1' })).toBe(3);
    expect(severity({ evidence, decoy: true })).toBe(3);
  });
});

test.each([
  [udpEvent(), { proto: 'UDP', dest_port: 9 }],
  [probeEvent({ kind: 'sctp-init', transport: 'sctp' }), { proto: 'SCTP', dest_port: 111 }],
  [probeEvent({ kind: 'icmp', transport: 'icmp', destinationPort: 8 }), { proto: 'ICMP', icmp_type: 8 }],
  [
    probeEvent({ kind: 'icmp', transport: 'icmp', source: '2001:db8::1', destinationPort: 128 }),
    { proto: 'IPv6-ICMP', icmp_type: 128 },
  ],
  [probeEvent({ kind: 'ip-protocol', transport: 'ip', destinationPort: 99 }), { proto: '99' }],
  [probeEvent({ kind: 'arp', transport: 'arp', destinationPort: 0 }), { proto: 'ARP' }],
])('the protocol of %#', (event, fields) => {
  const found = eve(event);
  expect(found).toMatchObject(fields);
  expect('dest_port' in found).toBe('dest_port' in fields);
});

test('each kind has a signature of its own', () => {
  const idOf = (kind: 'syn' | 'fin') => eve(probeEvent({ kind })).alert.signature_id;
  expect(idOf('syn')).not.toBe(idOf('fin'));
});

test('decoys are one alert that bans nobody', () => {
  const { action: _, ...probe } = probeEvent();
  const found = eve({
    ...probe,
    action: 'decoys',
    members: ['10.99.0.1', '192.0.2.7'],
    isOneSender: true,
    spared: false,
  });
  expect(found).toMatchObject({
    event_type: 'alert',
    alert: { severity: 3, signature: 'PORTSENTRY Decoys, TCP SYN/Normal scan' },
    portsentry: { action: 'decoys', decoys: ['10.99.0.1', '192.0.2.7'] },
  });
});

test('the sum of a scan, a block by hand and the end of a block are no alerts', () => {
  const scan = eve(scanEvent({ source: '2001:db8::/64', evidence: 'handshake' }));
  expect(scan).toMatchObject({
    event_type: 'portsentry',
    src_ip: '2001:db8::',
    portsentry: { action: 'scan', target: '2001:db8::/64', evidence: 'handshake', scan: { ports: 397 } },
  });
  expect(eve(scanEvent({ triggered: false }))).toMatchObject({ portsentry: { triggered: false } });
  expect(scan).not.toHaveProperty('alert');
  const entry = {
    block: {
      target: '192.0.2.0/24',
      since: NOON,
      until: null,
      cause: { kind: 'manual', note: 'a "note"' },
    },
    method: 'nftables',
    times: 0,
  } as unknown as LedgerEntry;
  expect(JSON.parse(form.blockByHandLine(entry))).toMatchObject({
    event_type: 'portsentry',
    src_ip: '192.0.2.0',
    portsentry: { action: 'block', target: '192.0.2.0/24', until: null, note: 'a "note"' },
  });
  expect(eve({ action: 'unblock', time: NOON, entry, how: 'unblocked', rule: null } as never)).toMatchObject({
    event_type: 'portsentry',
    portsentry: { action: 'unblock', how: 'unblocked' },
  });
});
