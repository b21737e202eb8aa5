import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { Modes } from '../../src/config/modes.ts';
import { type Address, parseAddress } from '../../src/net/address.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import { EVERY_HOME, homeOf, homeOfAddresses } from '../../src/watch/home.ts';
import { WatchedPorts } from '../../src/watch/watched-ports.ts';

const config = parseConfig(
  `TCP_PORTS="1,7-9"
UDP_PORTS="7,53"
ADVANCED_PORTS_TCP="6"
ADVANCED_PORTS_UDP="4"
ADVANCED_EXCLUDE_TCP="2-3"
ADVANCED_EXCLUDE_UDP="1"
`,
  'f',
).config as Config;

test.each<[Modes, string, string]>([
  [{ tcp: 'stcp', udp: 'sudp' }, '1,7-9', '7,53'],
  // Port 0 is below every limit, and no honest client uses it.
  [{ tcp: 'atcp', udp: 'audp' }, '0-1,4-5', '0,2-3'],
  [{ tcp: 'atcp', udp: null }, '0-1,4-5', ''],
  [{ tcp: null, udp: 'sudp' }, '', '7,53'],
  // The connect modes use their own sockets.
  [{ tcp: 'tcp', udp: 'udp' }, '', ''],
])('%o watches', (modes, tcp, udp) => {
  const watched = new WatchedPorts(config, modes);
  expect([watched.tcp.toString(), watched.udp.toString()]).toEqual([tcp, udp]);
});

test.each<[Modes, number, boolean]>([
  [{ tcp: 'stcp', udp: null }, 2, true],
  [{ tcp: 'stcp', udp: null }, 65_535, true],
  [{ tcp: 'atcp', udp: null }, 2, false],
  [{ tcp: 'atcp', udp: null }, 50_000, true],
  [{ tcp: 'tcp', udp: 'audp' }, 50_000, false],
  [{ tcp: null, udp: 'audp' }, 50_000, false],
])('%o takes impossible packets to port %i for probes: %s', (modes, port, expected) => {
  expect(new WatchedPorts(config, modes).hasImpossible(port)).toBe(expected);
});

test('each protocol has its own ports', () => {
  const watched = new WatchedPorts(config, { tcp: 'stcp', udp: 'sudp' });
  expect([watched.has(6, 8), watched.has(17, 8), watched.has(6, 53), watched.has(17, 53)]).toEqual([
    true,
    false,
    false,
    true,
  ]);
});

describe('home', () => {
  const has = (home: { has(address: Address): boolean }) =>
    ['10.0.0.1', '10.0.0.2', 'fd00::1', '::a00:1'].filter((text) => home.has(parseAddress(text) as Address));

  test('is every destination, some prefixes, or the addresses of this host', () => {
    expect(has(EVERY_HOME)).toHaveLength(4);
    const prefixes = ['10.0.0.0/31', 'fd00::/8'].map((text) => parsePrefix(text) ?? expect.fail(text));
    expect(has(homeOf(prefixes))).toEqual(['10.0.0.1', 'fd00::1']);
    const addresses = ['10.0.0.2', 'fd00::1'].map((text) => parseAddress(text) as Address);
    expect(has(homeOfAddresses(addresses))).toEqual(['10.0.0.2', 'fd00::1']);
    expect(has(homeOfAddresses([]))).toEqual([]);
  });
});
