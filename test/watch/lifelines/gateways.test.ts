import { endianness } from 'node:os';
import { describe, expect, test } from 'vitest';
import { readGateways } from '../../../src/watch/lifelines/gateways.ts';
import { folderOf } from '../given.ts';

const ZERO = '0'.repeat(32);
const HEADING = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';

/** The kernel prints IPv4 addresses as numbers in host order. */
function hex(a: number, b: number, c: number, d: number): string {
  const octets = endianness() === 'LE' ? [d, c, b, a] : [a, b, c, d];
  return octets.map((octet) => octet.toString(16).padStart(2, '0').toUpperCase()).join('');
}

const row4 = (destination: string, gateway: string, flags: string, mask: string) =>
  `eth0\t${destination}\t${gateway}\t${flags}\t0\t0\t100\t${mask}\t0\t0\t0`;
const row6 = (destination: string, length: string, hop: string, flags: string) =>
  `${destination} ${length} ${ZERO} 00 ${hop} 00000400 00000002 00000000 ${flags}     eth0`;

const GATEWAY = hex(192, 0, 2, 1);
const LINK_LOCAL = 'fe80000000000000025056fffe000001';

function gateways(rows4: readonly string[], rows6: readonly string[] = []): string[] {
  const folder = folderOf({
    route: `${[HEADING, ...rows4].join('\n')}\n`,
    ipv6_route: rows6.map((row) => `${row}\n`).join(''),
  });
  return readGateways(folder).map(({ address, of }) => `${address} ${of}`);
}

describe('an IPv4 gateway', () => {
  test.each<[string, string, string[]]>([
    ['a default route', row4('00000000', GATEWAY, '0003', '00000000'), ['192.0.2.1 eth0']],
    ['a default route without a gateway', row4('00000000', '00000000', '0001', '00000000'), []],
    ['through an IPv6 neighbour', row4('00000000', '00000000', '0003', '00000000'), []],
    ['a default route that is down', row4('00000000', GATEWAY, '0002', '00000000'), []],
    ['an unreachable default', row4('00000000', GATEWAY, '0203', '00000000'), []],
    ['a route to a network', row4(hex(10, 0, 0, 0), GATEWAY, '0003', hex(255, 0, 0, 0)), []],
    ['the lower half of all', row4('00000000', GATEWAY, '0003', hex(128, 0, 0, 0)), []],
    ['a cut row', 'eth0\t00000000\t0102', []],
  ])('%s', (_name, row, expected) => {
    expect(gateways([row])).toEqual(expected);
  });

  test('the next hops of several defaults are all found, each once', () => {
    const rows = [hex(192, 0, 2, 1), hex(192, 0, 2, 2), hex(192, 0, 2, 1)];
    expect(gateways(rows.map((hop) => row4('00000000', hop, '0003', '00000000')))).toEqual([
      '192.0.2.1 eth0',
      '192.0.2.2 eth0',
    ]);
  });
});

describe('an IPv6 gateway', () => {
  test.each<[string, string, string[]]>([
    ['a default route', row6(ZERO, '00', LINK_LOCAL, '00000003'), ['fe80::250:56ff:fe00:1 eth0']],
    [
      'one that a router advertised',
      row6(ZERO, '00', LINK_LOCAL, '00450003'),
      ['fe80::250:56ff:fe00:1 eth0'],
    ],
    ['the kernel’s own reject route', row6(ZERO, '00', ZERO, '00200200'), []],
    ['a default route without a gateway', row6(ZERO, '00', ZERO, '00000001'), []],
    ['a host route to ::', row6(ZERO, '80', LINK_LOCAL, '00000003'), []],
    [
      'a default for one source prefix',
      row6(ZERO, '00', LINK_LOCAL, '00000003').replace(`${ZERO} 00 ${LINK_LOCAL}`, (text) =>
        text.replace(ZERO, `2001${ZERO.slice(4)}`).replace(' 00 ', ' 10 '),
      ),
      ['fe80::250:56ff:fe00:1 eth0'],
    ],
  ])('%s', (_name, row, expected) => {
    expect(gateways([], [row])).toEqual(expected);
  });

  test('is found behind 10,000 other routes', () => {
    const others = Array.from({ length: 10_000 }, (_, index) =>
      row6(`2001${index.toString(16).padStart(4, '0')}${ZERO.slice(8)}`, '20', LINK_LOCAL, '00000003'),
    );
    expect(gateways([], [...others, row6(ZERO, '00', LINK_LOCAL, '00000003')])).toHaveLength(1);
  });
});

test('endless advertised routers spare only 64', () => {
  const rows = Array.from({ length: 1_000 }, (_, index) =>
    row6(ZERO, '00', `fe80${index.toString(16).padStart(28, '0')}`, '00450003'),
  );
  expect(gateways([], rows)).toHaveLength(64);
});

test('without the tables there are no gateways', () => {
  expect(readGateways('/nonexistent')).toEqual([]);
});
