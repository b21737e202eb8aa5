import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LedgerEntry } from '../../src/ledger/entry.ts';
import { blockByHandLine, ecsLine } from '../../src/record/ecs.ts';
import type { BlockEvent, RefusedEvent, UnblockEvent } from '../../src/respond/event.ts';
import { ecsFaults } from '../support/ecs-types.ts';
import { NOON, probeEvent, scanEvent, udpEvent } from './given.ts';

const GOLDEN = 'fixtures/golden';

/** The parsed event, after a check of all its fields against the schema. */
function checked(line: string): Record<string, unknown> {
  expect(ecsFaults(line)).toEqual([]);
  return JSON.parse(line);
}

test('a probe has these keys in this order', () => {
  expect(ecsLine(probeEvent({ time: NOON + 0.75 }), true)).toBe(
    '{"@timestamp":"2026-11-22T13:33:37.123Z",' +
      '"message":"TCP SYN/Normal scan from 10.99.0.1 to 10.99.0.2 TCP port 111",' +
      '"ecs":{"version":"8.17.0"},' +
      '"event":{"kind":"alert","category":["network","intrusion_detection"],"type":["info"],"action":"probe",' +
      '"module":"portsentry","dataset":"portsentry.events","severity":47},' +
      '"source":{"address":"10.99.0.1","ip":"10.99.0.1","port":41302},' +
      '"destination":{"address":"10.99.0.2","ip":"10.99.0.2","port":111},' +
      '"network":{"transport":"tcp","type":"ipv4","direction":"ingress"},' +
      '"related":{"ip":["10.99.0.1","10.99.0.2"]},' +
      '"rule":{"name":"portsentry syn"},' +
      '"threat":{"framework":"MITRE ATT&CK","tactic":{"id":["TA0043"],"name":["Reconnaissance"]},' +
      '"technique":{"id":["T1595"],"name":["Active Scanning"]}},' +
      '"portsentry":{"mode":"atcp","kind":"syn","label":"TCP SYN/Normal scan","connects":1,"triggered":true,' +
      '"ignored":null,"repeat":false,"ip_options":false,"fragmented":false,' +
      '"evidence":"spoofable","tool":null,"decoy":false}}',
  );
});

test('a probe that does not stand for its source is an event', () => {
  expect(checked(ecsLine(probeEvent()))).toMatchObject({ event: { kind: 'event', severity: 21 } });
});

test('an ignored IPv6 datagram has the rule that spares its source', () => {
  const event = udpEvent({ source: '2001:db8::1', ignored: 'ignore file 2001:db8::/32', triggered: false });
  expect(checked(ecsLine(event))).toMatchObject({
    source: { ip: '2001:db8::1', port: 41302 },
    destination: { ip: '2001:db8::2', port: 9 },
    network: { transport: 'udp', type: 'ipv6' },
    portsentry: { kind: 'udp', label: 'UDP scan', ignored: 'ignore file 2001:db8::/32' },
  });
});

describe('a probe without ports has none in its event', () => {
  const icmp = { kind: 'icmp', transport: 'icmp', destinationPort: 8, triggered: false } as const;
  test.each([
    [
      probeEvent(icmp),
      { transport: 'icmp', type: 'ipv4', direction: 'ingress' },
      'ICMP request from 10.99.0.1 to 10.99.0.2 type 8',
    ],
    [
      probeEvent({ ...icmp, source: '2001:db8::1', destinationPort: 128 }),
      { transport: 'ipv6-icmp', type: 'ipv6', direction: 'ingress' },
      'ICMP request from 2001:db8::1 to 2001:db8::2 type 128',
    ],
    [
      probeEvent({ kind: 'ip-protocol', transport: 'ip', destinationPort: 99 }),
      { iana_number: '99', type: 'ipv4', direction: 'ingress' },
      'IP protocol scan from 10.99.0.1 to 10.99.0.2 protocol 99',
    ],
  ])('%o', (probe, network, message) => {
    const event = checked(ecsLine(probe));
    expect(event).toMatchObject({ network, message });
    expect(event.network).toEqual(network);
    expect(event.source).toEqual({ address: probe.source, ip: probe.source });
    expect(event.destination).not.toHaveProperty('port');
  });

  test('a ping keeps its type, and is no threat', () => {
    const event = checked(ecsLine(probeEvent(icmp)));
    expect(event).toMatchObject({ portsentry: { icmp_type: 8 } });
    expect(event).not.toHaveProperty('threat');
  });
});

test('a scan has its sum, its times, its ranges and what answered', () => {
  const scan = scanEvent({
    source: '2001:db8:1::/64',
    first: NOON - 3_000.5,
    kinds: ['syn', 'udp'],
    ranges: [{ transport: 'tcp', first: 1, last: 396 }],
    targetNames: ['2001:db8::2'],
    atLeast: true,
    tried: 398,
    answered: [{ address: '2001:db8::2', transport: 'tcp', port: 22 }],
  });
  expect(checked(ecsLine(scan))).toEqual({
    '@timestamp': '2026-11-22T13:33:37.123Z',
    message:
      'Scan by 2001:db8:1::/64 ended: 412 probes to at least 397 ports in 3.0 s (SYN, UDP), nmap-like, vertical; ' +
      'began 2026-11-22T13:33:34.122Z; target 2001:db8::2; ports TCP 1-396; 1 of at least 398 ports answered: 22 of 2001:db8::2',
    ecs: { version: '8.17.0' },
    event: {
      kind: 'alert',
      category: ['network', 'intrusion_detection'],
      type: ['info'],
      action: 'scan',
      module: 'portsentry',
      dataset: 'portsentry.events',
      severity: 47,
      start: '2026-11-22T13:33:34.122Z',
      end: '2026-11-22T13:33:37.123Z',
      duration: 3_001_000_000,
    },
    source: { address: '2001:db8:1::/64', ip: '2001:db8:1::' },
    network: { type: 'ipv6', direction: 'ingress' },
    related: { ip: ['2001:db8:1::', '2001:db8::2'] },
    rule: { name: 'portsentry scan vertical' },
    threat: expect.any(Object),
    portsentry: {
      evidence: 'repeated',
      scan: {
        first: '2026-11-22T13:33:34.122Z',
        last: '2026-11-22T13:33:37.123Z',
        probes: 412,
        ports: 397,
        at_least: true,
        ranges: [{ transport: 'tcp', first: 1, last: 396 }],
        kinds: ['syn', 'udp'],
        targets: 1,
        target_names: ['2001:db8::2'],
        answered: [{ address: '2001:db8::2', transport: 'tcp', port: 22 }],
        tried: 398,
        shape: 'vertical',
        tool: 'nmap',
        sources: 1,
        decoys: [],
      },
    },
  });
});

test('a scan that did not trigger is no alert, and one without answers says so', () => {
  expect(checked(ecsLine(scanEvent({ triggered: false })))).toMatchObject({
    event: { kind: 'event' },
    portsentry: { scan: { answered: null } },
  });
});

test('decoys are an alert that names them all', () => {
  const members = ['203.0.113.7', '10.99.0.1'];
  const event = { ...probeEvent(), action: 'decoys', members, isOneSender: true, spared: true } as const;
  expect(checked(ecsLine(event))).toMatchObject({
    message: expect.stringMatching(/^Decoys: 2 sources sent the same packet/),
    event: { kind: 'alert' },
    related: { ip: ['10.99.0.1', '10.99.0.2', '203.0.113.7'] },
    rule: { name: 'portsentry decoys' },
    portsentry: { decoys: members, one_sender: true, spared: true },
  });
});

test.each([
  ['block', ['denied'], 'Host 10.99.0.0/24 has been blocked by nftables until 2026-11-22T13:33:37.123Z'],
  ['block-failed', ['info'], 'Host 10.99.0.0/24 could not be blocked: exit status 4'],
] as const)('a %s has its steps', (action, type, message) => {
  const failure = action === 'block' ? null : 'exit status 4';
  const steps = [{ step: 'route', text: 'iptables "x"', failure }] as const;
  const outcome = { target: '10.99.0.0/24', until: NOON, times: 2, method: 'nftables' } as const;
  const event: BlockEvent = { ...probeEvent(), ...outcome, action, steps, reason: failure };
  expect(checked(ecsLine(event))).toMatchObject({
    message,
    event: { kind: 'event', type, action },
    portsentry: {
      mode: 'atcp',
      kind: 'syn',
      label: 'TCP SYN/Normal scan',
      target: '10.99.0.0/24',
      until: '2026-11-22T13:33:37.123Z',
      times: 2,
      method: 'nftables',
      steps,
      reason: failure,
      evidence: event.evidence,
    },
  });
});

test('a refusal has its rule', () => {
  const event: RefusedEvent = {
    ...probeEvent(),
    action: 'refused',
    origin: 'gateway',
    rule: 'own address',
    isSilent: false,
  };
  expect(checked(ecsLine(event))).toMatchObject({
    message: 'Host: 10.99.0.1/10.99.0.1 is never blocked: own address',
    portsentry: { rule: 'own address' },
  });
});

describe('a prefix', () => {
  const PREFIX = { address: '2001:db8:1::/64', ip: '2001:db8:1::' };

  function prefixEntry(): LedgerEntry {
    return {
      block: {
        target: '2001:db8:1::/64',
        family: 6,
        since: NOON,
        until: null,
        cause: {
          mode: 'atcp',
          kind: 'manual',
          transport: 'tcp',
          destinationPort: 0,
          connects: 0,
          note: 'a note',
        },
      },
      method: 'nftables',
      hasRemnant: false,
      wrappersLine: null,
      boot: '',
      times: 1,
      inForce: true,
      ended: null,
    };
  }

  test('that an administrator blocked has one address in source.ip', () => {
    const event = checked(blockByHandLine(prefixEntry()));
    expect(event.source).toEqual(PREFIX);
    expect(event).toMatchObject({ event: { type: ['denied'] }, related: { ip: ['2001:db8:1::'] } });
  });

  test('that is no longer blocked, too', () => {
    const event: UnblockEvent = {
      action: 'unblock',
      time: NOON,
      entry: prefixEntry(),
      how: 'expired',
      rule: null,
    };
    const written = checked(ecsLine(event));
    expect(written.source).toEqual(PREFIX);
    expect(written).toMatchObject({
      message: 'Host: 2001:db8:1::/64 is no longer blocked: its time is over',
      event: { type: ['allowed'] },
    });
  });
});

test.each(readdirSync(GOLDEN))('every event of %s fits the schema', (name) => {
  const lines = readFileSync(join(GOLDEN, name), 'utf8').split('\n').slice(0, -1);
  expect(lines.flatMap(ecsFaults)).toEqual([]);
});

test('the check finds a prefix in an address, an unknown field and a missing one', () => {
  const event = JSON.parse(ecsLine(probeEvent()));
  event.source.ip = '2001:db8::/64';
  event.source.prt = 1;
  delete event.message;
  expect(ecsFaults(JSON.stringify(event))).toEqual([
    'message is missing',
    'source.ip is no ip: "2001:db8::/64"',
    'source.prt is unknown',
  ]);
});

test.each([
  ['notify', null, 'KILL_RUN_CMD was run for host 10.99.0.1, which is not blocked'],
  ['notify-failed', 'exit status 4', 'KILL_RUN_CMD failed for host 10.99.0.1: exit status 4'],
] as const)('a notifier blocks nobody, and its event says so: %s', (action, reason, message) => {
  const outcome = { target: '10.99.0.1', until: null, times: 0, method: 'none', steps: [] } as const;
  const event: BlockEvent = { ...probeEvent(), ...outcome, action, reason };
  expect(checked(ecsLine(event))).toMatchObject({
    message,
    event: { kind: 'event', type: ['info'], action },
    portsentry: { target: '10.99.0.1', until: null, times: 0, method: 'none', reason },
  });
});
