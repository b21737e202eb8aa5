import { endianness } from 'node:os';
import { describe, expect, test } from 'vitest';
import { type Gateway, parseNextHops, readGateways } from '../../../src/watch/lifelines/gateways.ts';
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

const textOf = ({ address, of, isDefault }: Gateway) => `${address} ${of}${isDefault ? '' : ' of a network'}`;

function gateways(rows4: readonly string[], rows6: readonly string[] = []): string[] {
  const folder = folderOf({
    route: `${[HEADING, ...rows4].join('\n')}\n`,
    ipv6_route: rows6.map((row) => `${row}\n`).join(''),
  });
  return readGateways(folder).map(textOf);
}

describe('an IPv4 gateway', () => {
  test.each<[string, string, string[]]>([
    ['a default route', row4('00000000', GATEWAY, '0003', '00000000'), ['192.0.2.1 eth0']],
    ['a default route without a gateway', row4('00000000', '00000000', '0001', '00000000'), []],
    ['through an IPv6 neighbour', row4('00000000', '00000000', '0003', '00000000'), []],
    ['a default route that is down', row4('00000000', GATEWAY, '0002', '00000000'), []],
    ['an unreachable default', row4('00000000', GATEWAY, '0203', '00000000'), []],
    [
      'a route to a network',
      row4(hex(10, 0, 0, 0), GATEWAY, '0003', hex(255, 0, 0, 0)),
      ['192.0.2.1 eth0 of a network'],
    ],
    [
      'the lower half of all',
      row4('00000000', GATEWAY, '0003', hex(128, 0, 0, 0)),
      ['192.0.2.1 eth0 of a network'],
    ],
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
    [
      'a host route to ::',
      row6(ZERO, '80', LINK_LOCAL, '00000003'),
      ['fe80::250:56ff:fe00:1 eth0 of a network'],
    ],
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
    expect(gateways([], [...others, row6(ZERO, '00', LINK_LOCAL, '00000003')])).toEqual([
      'fe80::250:56ff:fe00:1 eth0',
    ]);
  });
});

test('endless advertised routers spare only 1,024', () => {
  const rows = Array.from({ length: 3_000 }, (_, index) =>
    row6(ZERO, '00', `fe80${index.toString(16).padStart(28, '0')}`, '00450003'),
  );
  expect(gateways([], rows)).toHaveLength(1_024);
});

test('without the tables there are no gateways', () => {
  expect(readGateways('/nonexistent')).toEqual([]);
});

/** As ip(8) of iproute2 6.1 prints them with `-o -N`. */
const ROUTES = `
default via 10.9.0.5 dev d0 table 100
default \\	nexthop via 10.9.0.2 dev d0 weight 1 \\	nexthop via 10.9.0.3 dev d1 weight 1
1.2.3.0/24 via 10.9.0.4 dev d0
3.3.3.0/24 nhid 6
5.5.5.0/24 via inet6 fd99::7 dev d0
7 9.0.0.0/8
10.9.0.0/24 dev d0 proto 2 scope 253 src 10.9.0.1
fd99::/64 dev d0 proto 2 metric 256 pref medium
default metric 1024 pref medium\\	nexthop via fd99::8 dev d0 weight 1 \\	nexthop via fe80::9 dev d0 weight 1
id 5 via 10.9.0.6 dev d0 scope 253
id 6 group 5
`;

test('next hops of every table, of several at once, of the other family, and of nexthop objects', () => {
  expect(parseNextHops(ROUTES).map(textOf)).toEqual([
    '10.9.0.5 d0',
    '10.9.0.2 d0',
    '10.9.0.3 d1',
    'fd99::8 d0',
    'fe80::9 d0',
    '10.9.0.4 d0 of a network',
    'fd99::7 d0 of a network',
    '10.9.0.6 d0 of a network',
  ]);
});
