import { describe, expect, test } from 'vitest';
import { type Address, parseAddress } from '../../src/net/address.ts';
import { type Prefix, parsePrefix } from '../../src/net/prefix.ts';
import { parseIgnoreFile } from '../../src/respond/ignore-file.ts';
import { NeverBlock } from '../../src/respond/never-block.ts';
import type { Evidence } from '../../src/track/evidence.ts';
import { NO_LIFELINES } from '../../src/watch/lifelines.ts';

const BUILT_IN: [address: string, rule: string | null][] = [
  ['0.0.0.0', 'unspecified 0.0.0.0/8'],
  ['0.1.2.3', 'unspecified 0.0.0.0/8'],
  ['1.0.0.0', null],
  ['127.0.0.1', 'loopback 127.0.0.0/8'],
  ['127.255.255.254', 'loopback 127.0.0.0/8'],
  ['128.0.0.1', null],
  ['223.255.255.255', null],
  ['224.0.0.1', 'multicast 224.0.0.0/4'],
  ['239.255.255.250', 'multicast 224.0.0.0/4'],
  ['240.0.0.1', null],
  ['255.255.255.254', null],
  ['255.255.255.255', 'broadcast 255.255.255.255'],
  ['::', 'unspecified ::'],
  ['::1', 'loopback ::1'],
  ['::2', null],
  ['::ffff:127.0.0.1', 'loopback 127.0.0.0/8'],
  ['fe80::1', null],
  ['2001:db8::1', null],
  ['feff::1', null],
  ['ff02::1', 'multicast ff00::/8'],
];

test.each(BUILT_IN)('with nothing configured the rule for %s is %j', (text, rule) => {
  expect(new NeverBlock().ruleFor(address(text))).toBe(rule);
});

describe('the ignore file', () => {
  const never = new NeverBlock();
  never.setIgnore(ignore('10.0.0.0/8\n10.1.0.0/16\n192.0.2.7\n2001:db8::/32\n172.16.0.0/255.240.0.0\n'));

  test.each([
    ['10.200.0.1', 'ignore file portsentry.ignore:1 10.0.0.0/8'],
    ['10.1.2.3', 'ignore file portsentry.ignore:2 10.1.0.0/16'],
    ['11.0.0.1', null],
    ['192.0.2.7', 'ignore file portsentry.ignore:3 192.0.2.7'],
    ['192.0.2.8', null],
    ['172.31.255.255', 'ignore file portsentry.ignore:5 172.16.0.0/255.240.0.0'],
    ['172.32.0.0', null],
    ['2001:db8:ffff::1', 'ignore file portsentry.ignore:4 2001:db8::/32'],
    ['2001:db9::1', null],
  ])('for %s gives the rule %j', (text, rule) => {
    expect(never.ruleFor(address(text))).toBe(rule);
  });

  test('replaces its earlier entries when it is read again', () => {
    const reread = new NeverBlock();
    reread.setIgnore(ignore('10.0.0.0/8'));
    reread.setIgnore(ignore('192.0.2.0/24'));
    expect(reread.ruleFor(address('10.0.0.1'))).toBeNull();
    expect(reread.ruleFor(address('192.0.2.1'))).toBe('ignore file portsentry.ignore:1 192.0.2.0/24');
  });

  test('that spares all of one family does not spare the other', () => {
    const every6 = new NeverBlock();
    every6.setIgnore(ignore('::/0'));
    expect(every6.ruleFor(address('2001:db8::1'))).toBe('ignore file portsentry.ignore:1 ::/0');
    expect(every6.ruleFor(address('192.0.2.1'))).toBeNull();
  });
});

describe('this host', () => {
  test('is spared by its addresses and broadcasts, of both families', () => {
    const never = new NeverBlock();
    never.setOwn([address('10.99.0.2'), address('2001:db8::2')], [address('10.99.0.255')]);
    expect(never.ruleFor(address('10.99.0.2'))).toBe('own address 10.99.0.2');
    expect(never.ruleFor(address('2001:db8::2'))).toBe('own address 2001:db8::2');
    expect(never.ruleFor(address('10.99.0.255'))).toBe('broadcast 10.99.0.255');
    expect(never.ruleFor(address('10.99.0.1'))).toBeNull();
  });

  test('that has lost an address does not spare it any more', () => {
    const never = new NeverBlock();
    never.setOwn([address('10.99.0.2')], []);
    never.setOwn([address('10.99.0.3')], []);
    expect(never.ruleFor(address('10.99.0.2'))).toBeNull();
  });
});

describe('lifelines', () => {
  const found = (text: string, of: string) => ({ address: address(text), of });
  const gateway = (text: string) => ({ ...found(text, 'eth0'), isDefault: true });

  test('are spared by a rule that names the entry and where it was found', () => {
    const never = new NeverBlock();
    never.setLifelines({
      gateways: [
        { ...found('10.99.0.1', 'eth0'), isDefault: true },
        { ...found('fe80::1', 'eth1'), isDefault: false },
      ],
      resolvers: [found('192.0.2.53', '/etc/resolv.conf'), found('2001:db8::53', '/run/upstream')],
      timeServers: [found('192.0.2.123', 'chronyc')],
      sessions: [{ address: address('198.51.100.22'), by: 'sshd' }],
      opened: [{ peer: address('198.51.100.5'), port: 5432 }],
    });
    const rules = [
      '10.99.0.1',
      'fe80::1',
      '192.0.2.53',
      '2001:db8::53',
      '192.0.2.123',
      '198.51.100.22',
      '198.51.100.5',
    ].map((text) => never.ruleFor(address(text)));
    expect(rules).toEqual([
      'default gateway 10.99.0.1 of eth0',
      'gateway fe80::1 of eth1',
      'resolver 192.0.2.53 of /etc/resolv.conf',
      'resolver 2001:db8::53 of /run/upstream',
      'time server 192.0.2.123 of chronyc',
      'session from 198.51.100.22, found by sshd',
      'peer 198.51.100.5 of a connection that this host opened to its port 5432',
    ]);
    never.setLifelines(NO_LIFELINES);
    expect(never.ruleFor(address('10.99.0.1'))).toBeNull();
  });

  test('name the rule that a block of their whole network would break', () => {
    const never = new NeverBlock();
    never.setLifelines({ ...NO_LIFELINES, gateways: [gateway('10.99.0.1')] });
    expect(never.ruleForNetwork(parsePrefix('10.0.0.0/8') as Prefix)).toBe(
      'default gateway 10.99.0.1 of eth0',
    );
    expect(never.ruleForNetwork(parsePrefix('0.0.0.0/0') as Prefix)).toBe('unspecified 0.0.0.0/8');
    expect(never.ruleForNetwork(parsePrefix('11.0.0.0/8') as Prefix)).toBeNull();
  });
});

describe('a peer of a connection that this host opened', () => {
  const never = new NeverBlock();
  const peer = address('192.0.2.5');
  never.setLifelines({ ...NO_LIFELINES, opened: [{ peer, port: 5432 }] });

  test.each([
    ['spoofable', true],
    ['reacts', false],
    ['handshake', false],
    [undefined, true],
  ] as const)('with evidence %s is spared: %s', (evidence, isSpared) => {
    // `reacts` is not made by anything yet.
    expect(never.match(peer, evidence as Evidence) !== null).toBe(isSpared);
  });

  test('is one that a block may name, and that the firewall does not let pass', () => {
    expect(never.ruleForNetwork(parsePrefix('192.0.2.5') as Prefix)).toBeNull();
    expect(never.prefixes()).toEqual([]);
    expect(never.prefixesOfSensor()).toEqual(['192.0.2.5']);
  });

  test('keeps its network from being blocked', () => {
    expect(never.ruleForNetwork(parsePrefix('192.0.2.0/24') as Prefix, true)).toMatch(/^peer 192/);
  });
});

describe('a spared address in a network', () => {
  const NETWORK = parsePrefix('2001:db8::/64') as Prefix;
  const inside = address('2001:db8::7');
  const given = (change: (never: NeverBlock) => void) => {
    const never = new NeverBlock();
    change(never);
    return never;
  };
  const OF = { address: inside, of: 'x' };

  test.each<[string, (never: NeverBlock) => void, whole: boolean, lifted: boolean]>([
    [
      'session',
      (never) => never.setLifelines({ ...NO_LIFELINES, sessions: [{ address: inside, by: 'sshd' }] }),
      true,
      false,
    ],
    ['resolver', (never) => never.setLifelines({ ...NO_LIFELINES, resolvers: [OF] }), true, false],
    ['entry of the ignore file', (never) => never.setIgnore(ignore('2001:db8::7')), true, false],
    ['wider entry of the ignore file', (never) => never.setIgnore(ignore('2001:db8::/32')), false, true],
    [
      'gateway',
      (never) => never.setLifelines({ ...NO_LIFELINES, gateways: [{ ...OF, isDefault: true }] }),
      false,
      true,
    ],
    ['own address', (never) => never.setOwn([inside], []), false, true],
  ])(
    '%s: the network is blocked as a whole where the firewall lets it pass: %s',
    (_name, change, whole, lifted) => {
      const never = given(change);
      expect(never.ruleForNetwork(NETWORK, true) === null).toBe(whole);
      expect(never.ruleThatLifts(NETWORK, true) !== null).toBe(lifted);
      expect(never.ruleForNetwork(NETWORK, false), 'a method that lets nobody pass').not.toBeNull();
    },
  );
});

test('a session lifts no block that stands, and the firewall does not let it pass', () => {
  const never = new NeverBlock();
  const from = address('192.0.2.5');
  never.setLifelines({ ...NO_LIFELINES, sessions: [{ address: from, by: 'sshd' }] });
  expect(never.ruleThatLifts(parsePrefix('192.0.2.5') as Prefix)).toBeNull();
  expect([never.prefixes(), never.prefixes(() => true)]).toEqual([['192.0.2.5'], []]);
});

test.each([
  ['192.0.2.1', null],
  ['192.0.2.53', null],
  ['192.0.2.2', 'own address 192.0.2.2'],
  ['192.0.2.0/24', 'own address 192.0.2.2'],
  ['127.0.0.0/8', 'loopback 127.0.0.0/8'],
  ['::/0', 'multicast ff00::/8'],
])('an order to block %s is forbidden by %j', (target, rule) => {
  const never = new NeverBlock();
  never.setOwn([address('192.0.2.2')], []);
  never.setIgnore(ignore('192.0.2.53'));
  never.setLifelines({
    ...NO_LIFELINES,
    gateways: [{ address: address('192.0.2.1'), of: 'eth0', isDefault: true }],
  });
  expect(never.ruleAgainstOrders(parsePrefix(target) as Prefix)).toBe(rule);
});

describe('a source is silent', () => {
  const never = new NeverBlock();
  never.setOwn([address('10.0.0.2'), address('127.0.0.1'), address('192.0.2.2')], [address('10.0.0.255')]);
  never.setLifelines({
    ...NO_LIFELINES,
    gateways: [{ address: address('10.0.0.1'), of: 'eth0', isDefault: true }],
    resolvers: [{ address: address('192.0.2.53'), of: '/etc/resolv.conf' }],
  });
  never.setIgnore(ignore('10.0.0.0/8\n127.0.0.1/32\n'));

  // The shipped ignore file of 1.x names 127.0.0.1, and 1.x was silent about whatever it names.
  test.each([
    ['10.0.0.1', 'ignore file portsentry.ignore:1 10.0.0.0/8', true],
    ['10.0.0.2', 'ignore file portsentry.ignore:1 10.0.0.0/8', true],
    ['10.0.0.255', 'ignore file portsentry.ignore:1 10.0.0.0/8', true],
    ['10.9.9.9', 'ignore file portsentry.ignore:1 10.0.0.0/8', true],
    ['127.0.0.1', 'ignore file portsentry.ignore:2 127.0.0.1/32', true],
    ['127.0.0.2', 'loopback 127.0.0.0/8', false],
    ['192.0.2.2', 'own address 192.0.2.2', false],
    ['192.0.2.53', 'resolver 192.0.2.53 of /etc/resolv.conf', false],
  ])('when the ignore file covers it, whatever else spares it: %s by %s', (text, rule, isSilent) => {
    expect(never.match(address(text))).toMatchObject({ text: rule, isSilent });
  });

  test('when it is the trial of doctor, until that is over', () => {
    const trial = address('198.18.0.1');
    never.setTrial(trial);
    const text = 'trial probe of doctor from 198.18.0.1';
    expect(never.match(trial)).toEqual({ text, isSilent: true, origin: 'trial' });
    never.setTrial(null);
    expect(never.match(trial)).toBeNull();
  });
});

// "One forged packet with the gateway's address blocks the gateway", and similar reports. A source that this host
// depends on, or that is no host, is never blocked.
test.each(['10.99.0.2', '0.0.0.0', '255.255.255.255', '224.0.0.5'])(
  'a packet forged from %s blocks nobody',
  (source) => {
    const never = new NeverBlock();
    never.setOwn([address('10.99.0.2')], []);
    expect(never.ruleFor(address(source))).not.toBeNull();
  },
);

function address(text: string): Address {
  return parseAddress(text) as Address;
}

function ignore(text: string) {
  return parseIgnoreFile(text, 'portsentry.ignore').entries;
}

test('the engine that SHARE asks is in no list and passes in a wider one', () => {
  const never = new NeverBlock();
  never.setEngines([{ address: address('192.0.2.20'), of: 'REDIS_URL' }]);
  expect(never.ruleFor(address('192.0.2.20'))).toBe('engine 192.0.2.20 of REDIS_URL');
  expect(never.ruleAgainstListing(parsePrefix('192.0.2.20') as Prefix)).toMatch(/^engine/);
  expect(never.ruleAgainstListing(parsePrefix('192.0.2.0/24') as Prefix)).toBeNull();
  expect(never.prefixes()).toEqual(['192.0.2.20']);
  never.setEngines([]);
  expect(never.prefixes()).toEqual([]);
});
