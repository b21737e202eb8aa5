import { describe, expect, test } from 'vitest';
import { Kind } from '../../src/classify/kind.ts';
import { unicornscanKey } from '../../src/classify/tool/unicornscan.ts';
import { toolOf } from '../../src/classify/tool.ts';
import { CAPTURE_NAMES } from '../support/golden.ts';
import { probesOf, synProbe } from '../support/probes.ts';

describe('packets of real scanners have their fingerprint', () => {
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
])("a kernel's packets have no fingerprint: %s", async (name) => {
  const probes = await probesOf(name);
  expect(probes.map(toolOf).filter((tool) => tool !== null)).toEqual([]);
});

/**
 * A packet of Mirai in a router's netfilter log, from a published firewall log of one December. Its owner only
 * counted what was dropped. The line names all fields of the packet except the checksums.
 */
const LOGGED =
  'SRC=181.138.51.128 DST=24.36.37.202 LEN=40 TOS=0x00 PREC=0x00 TTL=53 ID=43811 PROTO=TCP ' +
  'SPT=44249 DPT=23 SEQ=405022154 ACK=0 WINDOW=64643 RES=0x00 SYN';

test("a SYN of Mirai in a router's log has its fingerprint", () => {
  const {
    SRC = '',
    DST = '',
    ...rest
  } = Object.fromEntries(LOGGED.split(' ').map((word) => word.split('=')));
  const [sourcePort, destinationPort, sequence, window] = ['SPT', 'DPT', 'SEQ', 'WINDOW'].map((name) =>
    Number(rest[name]),
  ) as [number, number, number, number];
  const probe = synProbe({ source: SRC, destination: DST, sourcePort, destinationPort, sequence, window });
  expect(toolOf(probe)).toBe('mirai');
  expect(
    toolOf(synProbe({ source: SRC, destination: '24.36.37.203', destinationPort, sequence, window })),
  ).toBeNull();
});

describe('by the formula, without a capture', () => {
  test('IPv6 has neither that address nor an identification', () => {
    const ends = { source: 'fd99::1', destination: 'fd99::2', window: 31_337 };
    expect(toolOf(synProbe({ ...ends, sequence: 2 }))).toBeNull();
    expect(toolOf(synProbe({ ...ends, sequence: 23 ^ 2 }))).toBeNull();
  });

  test("unicornscan's SYNs share one secret", () => {
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
