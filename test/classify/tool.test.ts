import { describe, expect, test } from 'vitest';
import { Kind } from '../../src/classify/kind.ts';
import { unicornscanKey } from '../../src/classify/tool/unicornscan.ts';
import { toolOf } from '../../src/classify/tool.ts';
import { CAPTURE_NAMES } from '../support/golden.ts';
import { probesOf, synProbe } from '../support/probes.ts';

describe('what real scanners send bears their mark', () => {
  test.each([
    ['nmap-sS', 'nmap'],
    ['nmap-sF', 'nmap'],
    ['nmap-sN', 'nmap'],
    ['nmap-sX', 'nmap'],
    ['nmap-synfin', 'nmap'],
    ['nmap-urgpshsyn', 'nmap'],
    ['nmap-f', 'nmap'],
    ['nmap-ff', 'nmap'],
    ['nmap-mtu-8-sX', 'nmap'],
    ['nmap-6-sS', 'nmap'],
    ['nmap-sS-54-octets', 'nmap'],
    ['nmap-ip-options', 'nmap'],
    ['nmap-decoys', 'nmap'],
    ['masscan', 'masscan'],
    ['zmap', 'zmap'],
    ['hping3-S', 'hping3'],
    ['hping3-F', 'hping3'],
    ['hping3-scan', 'hping3'],
  ])('%s: %s', async (name, tool) => {
    const tcp = (await probesOf(`${name}.pcap`)).filter(({ kind }) => kind !== Kind.udp);
    expect(tcp.length).toBeGreaterThan(2);
    expect(new Set(tcp.map(toolOf))).toEqual(new Set([tool]));
  });
});

test.each([
  ...CAPTURE_NAMES.filter((name) => /^(honest-|outbound)/.test(name)),
  'nmap-sT.pcap',
  'nmap-sU.pcap',
])('what a kernel sends bears none: %s', async (name) => {
  const probes = await probesOf(name);
  expect(probes.map(toolOf).filter((tool) => tool !== null)).toEqual([]);
});

describe('by the formula, where there is no capture', () => {
  test('a sequence number that is the destination address is Mirai', () => {
    expect(toolOf(synProbe({ sequence: 0x0a630002, window: 31_337 }))).toBe('mirai');
    expect(toolOf(synProbe({ sequence: 0x0a630003, window: 31_337 }))).toBeNull();
  });

  test('over IPv6 there is neither that address nor an identification', () => {
    const ends = { source: 'fd99::1', destination: 'fd99::2', window: 31_337 };
    expect(toolOf(synProbe({ ...ends, sequence: 2 }))).toBeNull();
    expect(toolOf(synProbe({ ...ends, sequence: 23 ^ 2 }))).toBeNull();
  });

  test("unicornscan's SYNs have one secret", () => {
    const secret = 0xdeadbeef | 0;
    const unicornscan = (destinationPort: number, sourcePort: number) => {
      // 10.99.0.2 as a little-endian host reads it.
      const sequence = (secret ^ 0x0200630a ^ ((destinationPort << 16) + sourcePort)) >>> 0;
      return synProbe({ destinationPort, sourcePort, sequence, window: 4_096 });
    };
    expect([unicornscanKey(unicornscan(23, 40_000)), unicornscanKey(unicornscan(80, 51_234))]).toEqual([
      secret,
      secret,
    ]);
  });
});
