import { expect, test } from 'vitest';
import { ecsLine } from '../../src/record/ecs.ts';
import type { BlockEvent, RefusedEvent } from '../../src/respond/event.ts';
import type { ScanEvent } from '../../src/track/event.ts';
import { NOON, probeEvent, udpEvent } from './given.ts';

const HEAD = '{"@timestamp":"2026-11-22T13:33:37.123Z",';
const ENDS =
  '"source":{"ip":"10.99.0.1","port":41302},"destination":{"ip":"10.99.0.2","port":111},"network":{"transport":"tcp","type":"ipv4"},';

test('a probe has these keys in this order', () => {
  expect(ecsLine(probeEvent({ time: NOON + 0.75 }))).toBe(
    `${HEAD}"event":{"kind":"alert","category":["intrusion_detection"],"action":"probe"},${ENDS}` +
      '"portsentry":{"mode":"atcp","kind":"syn","label":"TCP SYN/Normal scan","connects":1,"triggered":true,' +
      '"ignored":null,"repeat":false,"ip_options":false,"fragmented":false,' +
      '"evidence":"spoofable","tool":null,"decoy":false}}',
  );
});

test('an ignored IPv6 datagram has the rule that spares its source', () => {
  const event = udpEvent({ source: '2001:db8::1', ignored: 'ignore file 2001:db8::/32', triggered: false });
  expect(JSON.parse(ecsLine(event))).toMatchObject({
    source: { ip: '2001:db8::1', port: 41302 },
    destination: { ip: '2001:db8::2', port: 9 },
    network: { transport: 'udp', type: 'ipv6' },
    portsentry: {
      mode: 'audp',
      kind: 'udp',
      label: 'UDP scan',
      triggered: false,
      ignored: 'ignore file 2001:db8::/32',
    },
  });
});

test('a scan has its sum and its times', () => {
  const scan: ScanEvent = {
    action: 'scan',
    time: NOON,
    source: '10.99.0.1',
    family: 4,
    first: NOON - 3_000,
    last: NOON,
    probes: 412,
    ports: 397,
    atLeast: false,
    ranges: [{ transport: 'tcp', first: 1, last: 397 }],
    targetNames: ['10.99.0.2'],
    answered: null,
    kinds: ['syn', 'udp'],
    targets: 1,
    shape: 'vertical',
    tool: 'nmap',
    triggered: true,
    sources: 1,
    decoys: [],
  };
  expect(ecsLine(scan)).toBe(
    `${HEAD}"event":{"kind":"alert","category":["intrusion_detection"],"action":"scan"},` +
      '"source":{"ip":"10.99.0.1"},"network":{"type":"ipv4"},"portsentry":{"scan":' +
      '{"first":"2026-11-22T13:33:34.123Z","last":"2026-11-22T13:33:37.123Z","probes":412,"ports":397,"kinds":["syn","udp"],"targets":1,"shape":"vertical","tool":"nmap","sources":1,"decoys":[]}}}',
  );
});

test.each(['block', 'block-failed'] as const)('a %s has its steps', (action) => {
  const steps = [
    { step: 'route' as const, text: 'iptables "x"', failure: action === 'block' ? null : 'exit status 4' },
  ];
  const outcome = { target: '10.99.0.0/24', until: NOON, times: 2, method: 'nftables' } as const;
  const event: BlockEvent = { ...probeEvent(), ...outcome, action, steps, reason: null };
  const fields = JSON.parse(ecsLine(event));
  expect(fields.event).toEqual({ kind: 'event', category: ['intrusion_detection'], action });
  expect(fields.portsentry).toEqual({
    mode: 'atcp',
    kind: 'syn',
    label: 'TCP SYN/Normal scan',
    target: '10.99.0.0/24',
    until: '2026-11-22T13:33:37.123Z',
    times: 2,
    method: 'nftables',
    steps,
    reason: null,
  });
});

test('a refusal has its rule', () => {
  const event: RefusedEvent = { ...probeEvent(), action: 'refused', rule: 'own address' };
  expect(JSON.parse(ecsLine(event)).portsentry).toEqual({
    mode: 'atcp',
    kind: 'syn',
    label: 'TCP SYN/Normal scan',
    rule: 'own address',
  });
});
