import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatFinding } from '../../src/config/finding.ts';
import { defaultConfig, parseConfig } from '../../src/config/load.ts';

const SHIPPED = { tcp: String(defaultConfig().tcpPorts), udp: String(defaultConfig().udpPorts) };

function portsOf(text: string): { tcp: string; udp: string } {
  const { config } = parseConfig(text, 'f');
  return { tcp: String(config?.tcpPorts), udp: String(config?.udpPorts) };
}

describe('a list of ports that is absent', () => {
  test.each<[string, string, { tcp: string; udp: string }]>([
    ['from a file of 2.x: no UDP port', 'TCP_PORTS="1,11"', { tcp: '1,11', udp: '' }],
    ['from a file of 2.x: no TCP port', 'UDP_PORTS="7-9"\nBLOCK_UDP="0"', { tcp: '', udp: '7-9' }],
    [
      'beside a key that only 1.x has',
      'TCP_PORTS="1"\nADVANCED_PORTS_UDP="1024"',
      { tcp: '1', udp: SHIPPED.udp },
    ],
    [
      'beside an exclusion of 1.x',
      'UDP_PORTS="1"\nADVANCED_EXCLUDE_TCP="113"',
      { tcp: SHIPPED.tcp, udp: '1' },
    ],
    ['like the other one', 'BLOCK_TCP="0"\nLOG_FORMAT="2"', SHIPPED],
    ['because it is commented out', '#TCP_PORTS="1"\n#UDP_PORTS="1"', SHIPPED],
  ])('%s', (_what, text, ports) => {
    expect(portsOf(text)).toEqual(ports);
  });

  test('is a note in a file of 2.x, and no warning, because it means that', () => {
    const { findings } = parseConfig('TCP_PORTS="1,11"', 'f');
    expect(findings.map(formatFinding)).toEqual([
      'f:1:1: note: UDP_PORTS is not set, which in a file of PortSentry 2.x means that -udp and -sudp watch nothing',
    ]);
  });

  test('is not the same as an empty one, which is a warning', () => {
    const { findings } = parseConfig('TCP_PORTS="1"\nUDP_PORTS=""', 'f', ['stcp', 'sudp']);
    expect(findings.map(formatFinding)).toEqual([
      'f:2:1: warning: UDP_PORTS names no port: -sudp watches nothing',
    ]);
  });
});

test('the shipped file of 2.0.7 has both lists', () => {
  const text = readFileSync('fixtures/conf/portsentry-2.0.7.conf', 'utf8');
  expect(portsOf(text).tcp).not.toBe('');
  expect(portsOf(text).udp).not.toBe('');
});
