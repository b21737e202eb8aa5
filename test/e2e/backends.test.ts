import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LabBackend, reaches, shell, useLegacyIptables } from '../support/backends.ts';
import { writeFile } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { startService } from '../support/services.ts';

/** What all block methods have in common, with the real programs and this kernel. */

const PORT = 7;
const VICTIM = ['10.99.0.2', 'fd99::2'] as const;
const SCANNER = ['10.99.0.1', 'fd99::1'] as const;
const NETWORKS = ['10.99.0.0/30', 'fd99::/126'];

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'backends' });
});
afterEach(() => lab.close());

/** Commands of an administrator that also take all blocks away. */
const FLUSHES = {
  nftables: 'nft flush ruleset',
  ipset: 'iptables -t raw -F; ip6tables -t raw -F; ipset destroy',
  iptables: 'iptables -t raw -F; ip6tables -t raw -F; iptables -t raw -X; ip6tables -t raw -X',
  route: 'ip route flush type blackhole; ip -6 route flush type blackhole',
} as const;

/** The same, but they leave what holds the blocks, where that is not the rules. */
const RULES_ONLY = {
  ...FLUSHES,
  ipset: 'iptables -t raw -F; ip6tables -t raw -F',
  iptables: 'iptables -t raw -F; ip6tables -t raw -F',
} as const;

/** Rules that a host may have in the places where ours are. */
const OTHERS = `
  for iptables in iptables ip6tables; do
    $iptables -t raw -A PREROUTING -p udp --dport 9 -j ACCEPT
    $iptables -t raw -N MINE
    $iptables -t raw -A MINE -m comment --comment "a b" -j RETURN
    $iptables -t raw -A PREROUTING -i eth9 -j MINE
    $iptables -A INPUT -p tcp --dport 9 -j REJECT
  done
  iptables -t raw -A MINE -s 203.0.113.0/24 -j DROP
  ipset create other hash:ip timeout 9000
  ipset add other 192.0.2.1 timeout 0
  ipset create other6 hash:net family inet6
  ipset add other6 2001:db8:2::/48
  nft 'table inet other { set s { type ipv4_addr; flags interval; elements = { 192.0.2.0/28 }; }
    chain c { type filter hook prerouting priority -310; ip saddr @s counter drop; }; }'
  ip route add 203.0.113.0/24 via 10.99.0.1 metric 7
  ip route add blackhole 198.51.100.0/24
  ip route add blackhole 198.51.100.7/32 proto static
  ip -6 route add blackhole 2001:db8:1::/48 metric 9 proto static`;
const SHOW_TABLES = `
  for table in raw filter; do iptables -t $table -S; ip6tables -t $table -S; done
  nft -a list table inet other 2>&1 || true
  ipset save; ip route show table all; ip -6 route show table all`;
const SHOW_ALL = `nft -a list ruleset; ${SHOW_TABLES}`;

/** All that a firewall of the host holds, without what packets of the host's own change. */
async function showAll(): Promise<string> {
  const text = await shell(lab, lab.victim, SHOW_ALL);
  return text.replace(/counter packets \d+ bytes \d+/g, 'counter');
}

const METHODS = [
  ['nftables', 'its own tables'],
  ['nftables', 'a large interval set of somebody else'],
  ['ipset', 'nft tables'],
  ['ipset', 'legacy tables'],
  ['iptables', 'nft tables'],
  ['iptables', 'legacy tables'],
  ['route', 'its own tables'],
] as const;

/** Makes the test where it applies. Elsewhere there is none, rather than a skipped one. */
function where(applies: boolean): typeof test {
  const none = Object.assign(() => {}, { each: () => () => {} });
  return applies ? test : (none as unknown as typeof test);
}

describe.each(METHODS)('%s, with %s', (method, tables) => {
  const start = () => LabBackend.start(lab, lab.victim, method);
  const isLegacy = tables === 'legacy tables';
  const hasIntervals = tables === 'a large interval set of somebody else';
  // A test that depends neither on the tables below iptables nor on how nft is asked runs with one kind.
  const withOneKind = where(!isLegacy && !hasIntervals);

  beforeEach(async ({ skip }) => {
    if (isLegacy && !(await useLegacyIptables(lab, lab.victim))) skip('there is no iptables-legacy');
    if (hasIntervals) await addIntervals();
    await startService(lab, lab.victim, 'tcp-echo', PORT);
  });

  /** Adds a set that nft reads as a whole before it adds an element. */
  async function addIntervals(): Promise<void> {
    const ranges = Array.from(
      { length: 5_000 },
      (_, at) => `13.${at >> 8}.${at & 255}.0-13.${at >> 8}.${at & 255}.99`,
    );
    const elements = `elements = { ${ranges.join(', ')} }`;
    writeFile(
      lab.victim,
      '/run/intervals',
      `table ip geo { set s { type ipv4_addr; flags interval; ${elements}; }; }\n`,
    );
    await shell(lab, lab.victim, 'nft -f /run/intervals');
  }

  async function reached(): Promise<boolean[]> {
    return Promise.all(VICTIM.map((address) => reaches(lab, lab.scanner, address, PORT)));
  }
  const expectReached = () => lab.waitFor(async () => (await reached()).every(Boolean));
  const expectShutOut = async () => expect(await reached()).toEqual([false, false]);

  test('an address is shut out, listed and let in again', async () => {
    const backend = await start();
    await backend.open();
    await expectReached();
    expect(await backend.block(SCANNER)).toEqual([null, null]);
    await expectShutOut();
    expect(await backend.targets()).toEqual([...SCANNER]);
    expect(await backend.release(SCANNER)).toEqual([null, null]);
    await expectReached();
    expect(await backend.list()).toEqual([]);
    // To release what is not blocked is no failure.
    expect(await backend.release(SCANNER)).toEqual([null, null]);
    expect(backend.events()).toEqual([]);
  });

  withOneKind(
    'a prefix is shut out; blocked twice, it is one block; an address in it is another',
    async () => {
      const backend = await start();
      await backend.open();
      expect(await backend.block([...NETWORKS, ...NETWORKS])).toEqual([null, null, null, null]);
      expect(await backend.block(NETWORKS)).toEqual([null, null]);
      expect(await backend.targets()).toEqual(NETWORKS);
      await expectShutOut();
      expect(await backend.block(SCANNER)).toEqual([null, null]);
      expect(await backend.release(NETWORKS)).toEqual([null, null]);
      await expectShutOut();
      expect(await backend.targets()).toEqual([...SCANNER]);
      expect(await backend.release(SCANNER)).toEqual([null, null]);
      await expectReached();
    },
  );

  test('a later run finds the blocks, takes them over and does not double them', async () => {
    const first = await start();
    expect(await first.open()).toBe(method === 'route' ? 'found' : 'made');
    expect(await first.open()).toBe('found');
    await first.block([...SCANNER, ...NETWORKS]);
    first.process.signal('SIGKILL');
    await first.process.ended;
    const second = await start();
    expect(await second.open()).toBe('found');
    await expectShutOut();
    expect(await second.block([...SCANNER, ...NETWORKS])).toEqual([null, null, null, null]);
    expect(await second.targets()).toEqual([...SCANNER, ...NETWORKS].sort());
    await second.close('keep');
    const third = await start();
    expect(await third.open()).toBe('found');
    expect(await third.release([...SCANNER, ...NETWORKS])).toEqual([null, null, null, null]);
    expect(await third.list()).toEqual([]);
    await expectReached();
  });

  withOneKind('after a flush all is made again, and reported as made', async () => {
    const backend = await start();
    await backend.open();
    await backend.block(SCANNER);
    await shell(lab, lab.victim, FLUSHES[method]);
    await expectReached();
    expect(await backend.open()).toBe('made');
    expect(await backend.block(SCANNER)).toEqual([null, null]);
    await expectShutOut();
    expect(await backend.open()).toBe('found');
  });

  where(method !== 'route').each([
    ['all is gone', FLUSHES],
    ['the rules are gone', RULES_ONLY],
  ])('the next block notices that %s', async (_, flushes) => {
    const backend = await start();
    await backend.open();
    await backend.block(['192.0.2.1', '2001:db8::1']);
    await shell(lab, lab.victim, flushes[method]);
    expect(await backend.block(SCANNER)).toEqual([null, null]);
    await expectShutOut();
    expect(backend.events()).toContain('{"event":"lost"}');
  });

  withOneKind('1,000 blocks at one time, of both families', async () => {
    const backend = await start();
    await backend.open();
    const many = Array.from({ length: 500 }, (_, i) => [
      `198.18.${i >>> 8}.${i & 255}`,
      `2001:db8::${(i + 1).toString(16)}`,
    ]).flat();
    expect((await backend.block([...many, ...SCANNER])).filter((failure) => failure !== null)).toEqual([]);
    expect(await backend.targets()).toEqual([...many, ...SCANNER].sort());
    await expectShutOut();
    expect((await backend.release(many)).filter((failure) => failure !== null)).toEqual([]);
    expect(await backend.targets()).toEqual([...SCANNER]);
  });

  withOneKind('text that is no address reaches no program', async () => {
    const backend = await start();
    await backend.open();
    const before = await showAll();
    const hostile = [
      '',
      '0.0.0.0/0',
      '::/0',
      '10.99.0.1 ',
      '10.99.0.1; flush ruleset',
      '10.99.0.1\nflush portsentry4',
      '10.99.0.1/33',
      '-F',
      '$(reboot)',
      'fe80::1%eth0',
      'localhost',
    ];
    for (const failure of [...(await backend.block(hostile)), ...(await backend.release(hostile))]) {
      expect(failure).toMatch(/^not an address or prefix that can be blocked: /);
    }
    expect(await showAll()).toBe(before);
    expect(await backend.list()).toEqual([]);
  });

  test("other people's rules stay as they are, and in the end none of ours is left", async () => {
    await shell(lab, lab.victim, OTHERS);
    const before = await showAll();
    const others = async () =>
      (await shell(lab, lab.victim, SHOW_TABLES))
        .split('\n')
        .filter((line) => !/portsentry|proto 80/i.test(line));
    const othersBefore = await others();
    const backend = await start();
    await backend.open();
    expect(await backend.block([...SCANNER, ...NETWORKS, '203.0.113.0/24', '2001:db8:1::/48'])).toEqual(
      Array(6).fill(null),
    );
    expect(await backend.release(NETWORKS)).toEqual([null, null]);
    expect(await others()).toEqual(othersBefore);
    await backend.close('release');
    expect(await showAll()).toBe(before);
    expect(backend.events()).toEqual([]);
    await expectReached();
  });
});
