import { describe, expect, test } from 'vitest';
import type { KindName } from '../../src/classify/kind.ts';
import {
  adminLine,
  alreadyBlockedLine,
  ipOptionsLine,
  noBlockLine,
  notBlockedLine,
  probeLine,
  refusedLine,
  stepLine,
  sumLine,
} from '../../src/record/lines1.ts';
import type { ActionStep } from '../../src/respond/event.ts';
import { probeEvent, udpEvent } from './given.ts';

const KINDS: [kind: KindName, tcpFlags: number, label: string][] = [
  ['null', 0x00, 'TCP NULL scan'],
  ['fin', 0x01, 'TCP FIN scan'],
  ['xmas', 0x29, 'TCP XMAS scan'],
  ['syn', 0x02, 'TCP SYN/Normal scan'],
  ['maimon', 0x11, 'TCP Maimon scan'],
  ['ack', 0x10, 'TCP ACK scan'],
  ['connect', 0x00, 'Connect'],
  ['odd', 0x03, 'Unknown Type: TCP Packet Flags: SYN: 1 FIN: 1 ACK: 0 PSH: 0 URG: 0 RST: 0'],
  ['odd', 0x2a, 'Unknown Type: TCP Packet Flags: SYN: 1 FIN: 0 ACK: 0 PSH: 1 URG: 1 RST: 0'],
  ['odd', 0x14, 'Unknown Type: TCP Packet Flags: SYN: 0 FIN: 0 ACK: 1 PSH: 0 URG: 0 RST: 1'],
];

test.each(KINDS)('a probe of kind %s with flags %i has its label', (kind, tcpFlags, label) => {
  expect(probeLine(probeEvent({ kind, tcpFlags }), '10.99.0.1')).toBe(
    `attackalert: ${label} from host: 10.99.0.1/10.99.0.1 to TCP port: 111`,
  );
});

test('a datagram, an IPv6 source and a name are where 1.x has them', () => {
  expect(probeLine(udpEvent({ source: '2001:db8::1' }), 'scanner.example')).toBe(
    'attackalert: UDP scan from host: scanner.example/2001:db8::1 to UDP port: 9',
  );
});

const STEPS: [step: ActionStep, line: string][] = [
  [
    { step: 'wrappers', text: 'ALL: 10.99.0.1 : DENY', failure: null },
    'attackalert: Host 10.99.0.1 has been blocked via wrappers with string: "ALL: 10.99.0.1 : DENY"',
  ],
  [
    { step: 'route', text: '/sbin/iptables -I INPUT -s 10.99.0.1 -j DROP', failure: null },
    'attackalert: Host 10.99.0.1 has been blocked via dropped route using command: "/sbin/iptables -I INPUT -s 10.99.0.1 -j DROP"',
  ],
  [
    { step: 'external', text: 'mail root', failure: null },
    'attackalert: External command run for host: 10.99.0.1 using command: "mail root"',
  ],
  [
    { step: 'route', text: 'iptables', failure: 'exit status 4' },
    'attackalert: ERROR: Host 10.99.0.1 was not blocked via dropped route using command: "iptables": exit status 4',
  ],
  [
    { step: 'wrappers', text: 'ALL: 10.99.0.1', failure: 'no space left' },
    'attackalert: ERROR: Host 10.99.0.1 was not blocked via wrappers with string: "ALL: 10.99.0.1": no space left',
  ],
  [
    { step: 'external', text: 'mail root', failure: 'exit status 127' },
    'attackalert: ERROR: External command failed for host: 10.99.0.1 using command: "mail root": exit status 127',
  ],
];

test.each(STEPS)('the step %j has its line', (step, line) => {
  expect(stepLine('10.99.0.1', step)).toBe(line);
});

describe('the other lines of 1.x, word for word:', () => {
  const name = 'scanner.example';
  test.each([
    [
      ipOptionsLine(probeEvent(), name),
      'attackalert: Packet from host: scanner.example/10.99.0.1 to TCP port: 111 has IP options set (detection avoidance technique).',
    ],
    [noBlockLine(probeEvent()), 'attackalert: Ignoring TCP response per configuration file setting.'],
    [noBlockLine(udpEvent()), 'attackalert: Ignoring UDP response per configuration file setting.'],
    [
      alreadyBlockedLine(probeEvent(), name),
      'attackalert: Host: scanner.example/10.99.0.1 is already blocked Ignoring',
    ],
    [
      alreadyBlockedLine(probeEvent({ mode: 'tcp', kind: 'connect' }), name),
      'attackalert: Host: 10.99.0.1 is already blocked. Ignoring',
    ],
    [
      notBlockedLine('10.99.0.1', name),
      'attackalert: ERROR: Could not block host scanner.example/10.99.0.1 !!',
    ],
    [
      sumLine('10.99.0.1', '10.99.0.1', 412, 397),
      'attackalert: 412 more probes from host: 10.99.0.1/10.99.0.1 to 397 ports',
    ],
    [
      sumLine('10.99.0.1', '10.99.0.1', 3, 0),
      'attackalert: 3 more probes from host: 10.99.0.1/10.99.0.1 to ports named before',
    ],
    [
      refusedLine('10.0.0.1', '10.0.0.1', 'ignore file 10.0.0.0/8'),
      'adminalert: Host: 10.0.0.1/10.0.0.1 is never blocked: ignore file 10.0.0.0/8',
    ],
    [adminLine('PortSentry 3.0.0 is starting.'), 'adminalert: PortSentry 3.0.0 is starting.'],
  ])('%s', (line, expected) => {
    expect(line).toBe(expected);
  });
});
