import { expect, test } from 'vitest';
import type { ModeName } from '../../src/config/config.ts';
import { defaultConfig } from '../../src/config/load.ts';
import { PortSet } from '../../src/config/ports.ts';
import {
  listeningLine,
  modeLines,
  notBoundLines,
  startingLine,
  stopLines,
} from '../../src/record/start-lines.ts';

const CONFIG = {
  ...defaultConfig(),
  tcpPorts: PortSet.of([
    { first: 1, last: 1 },
    { first: 15, last: 16 },
  ]),
  udpPorts: PortSet.of([{ first: 7, last: 7 }]),
  advancedExcludeTcp: PortSet.of([
    { first: 113, last: 113 },
    { first: 3000, last: 3000 },
  ]),
  advancedExcludeUdp: new PortSet(),
};

const IN_USE = {
  tcp: PortSet.of([
    { first: 22, last: 22 },
    { first: 8080, last: 8080 },
  ]),
  udp: PortSet.of([{ first: 53, last: 53 }]),
};

/** The connect modes could not bind all ports of the list. */
const LISTENING = {
  tcp: PortSet.of([{ first: 15, last: 16 }]),
  udp: PortSet.of([{ first: 7, last: 7 }]),
};

const PORTS = { inUse: IN_USE, listening: LISTENING };

const MODES: [mode: ModeName, lines: string[]][] = [
  [
    'stcp',
    [
      'adminalert: Going into stealth listen mode on TCP port: 1',
      'adminalert: Going into stealth listen mode on TCP port: 15',
      'adminalert: Going into stealth listen mode on TCP port: 16',
    ],
  ],
  [
    'tcp',
    [
      'adminalert: Going into listen mode on TCP port: 15',
      'adminalert: Going into listen mode on TCP port: 16',
    ],
  ],
  ['sudp', ['adminalert: Going into stealth listen mode on UDP port: 7']],
  ['udp', ['adminalert: Going into listen mode on UDP port: 7']],
  [
    'atcp',
    [
      'adminalert: Advanced mode will monitor first 1024 ports',
      'adminalert: Advanced mode will manually exclude port: 113',
      'adminalert: Advanced mode will manually exclude port: 3000',
      'adminalert: Advanced Stealth scan detection mode activated. Ignored TCP port: 22',
      'adminalert: Advanced Stealth scan detection mode activated. Ignored TCP port: 113',
    ],
  ],
  [
    'audp',
    [
      'adminalert: Advanced mode will monitor first 1024 ports',
      'adminalert: Advanced Stealth scan detection mode activated. Ignored UDP port: 53',
    ],
  ],
];

test.each(MODES)('-%s reports the ports that it watches', (mode, lines) => {
  expect(modeLines(CONFIG, [mode], PORTS)).toEqual(lines);
});

test('two modes report one after the other', () => {
  const [, stcp] = MODES[0] as [ModeName, string[]];
  const [, sudp] = MODES[2] as [ModeName, string[]];
  expect(modeLines(CONFIG, ['stcp', 'sudp'], PORTS)).toEqual([...stcp, ...sudp]);
});

test('a list of all ports is one line, not 65,535', () => {
  const config = { ...CONFIG, tcpPorts: PortSet.of([{ first: 1, last: 65535 }]) };
  expect(modeLines(config, ['stcp'], PORTS)).toEqual([
    'adminalert: Going into stealth listen mode on TCP ports: 1-65535',
  ]);
});

test('a port that could not be bound has the line of 1.x', () => {
  expect(notBoundLines('tcp', PortSet.of([{ first: 111, last: 112 }]))).toEqual([
    'adminalert: ERROR: could not bind TCP socket: 111. Attempting to continue',
    'adminalert: ERROR: could not bind TCP socket: 112. Attempting to continue',
  ]);
});

test('a start and a stop have the lines of 1.x; in the form of 2.x both end with its own line', () => {
  expect(startingLine('3.0.0')).toBe('adminalert: PortSentry 3.0.0 is starting.');
  expect(listeningLine(1)).toBe('adminalert: PortSentry is now active and listening.');
  expect(listeningLine(2)).toBe('Portsentry is now active and listening.');
  expect(stopLines(2)).toEqual(['Portsentry is shutting down']);
  expect(stopLines(1)).toEqual([
    'securityalert: PortSentry is shutting down',
    'adminalert: PortSentry is shutting down',
  ]);
});
