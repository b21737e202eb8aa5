import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LabBackend, reaches, shell, useLegacyIptables } from '../support/backends.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { Host } from '../support/lab-host.ts';
import { startService } from '../support/services.ts';

/** What packet filters do and a route does not: they let spared sources pass, and also drop forwarded packets. */

const PORT = 7;
const PUBLISHED = 8007;
const SCANNER = ['10.99.0.1', 'fd99::1'] as const;
const EVERYBODY = ['0.0.0.0/1', '::/1', '8000::/1'];

/** Makes the victim the router of a host behind it, and publishes a port of that host, as container run-times do. */
const ROUTER = `
  for key in ipv4.conf.all.forwarding ipv6.conf.all.forwarding; do
    echo 1 > /proc/sys/net/$(echo $key | tr . /)
  done
  iptables -t nat -A PREROUTING -p tcp --dport ${PUBLISHED} -j DNAT --to-destination 10.99.1.2:${PORT}
  ip6tables -t nat -A PREROUTING -p tcp --dport ${PUBLISHED} -j DNAT --to-destination [fd99:1::2]:${PORT}`;

let lab: Lab;
let inner: Host;
beforeEach(async () => {
  lab = await createLab({ name: 'filters' });
});
afterEach(() => lab.close());

describe.each([
  ['nftables', false],
  ['ipset', false],
  ['ipset', true],
  ['iptables', false],
  ['iptables', true],
] as const)('%s (legacy tables: %s)', (method, isLegacy) => {
  let backend: LabBackend;
  beforeEach(async ({ skip }) => {
    if (isLegacy && !(await useLegacyIptables(lab, lab.victim))) skip('there is no iptables-legacy');
    await startService(lab, lab.victim, 'tcp-echo', PORT);
    backend = await LabBackend.start(lab, lab.victim, method);
    await backend.open();
  });

  const reached = (addresses: readonly string[], port: number) =>
    Promise.all(addresses.map((address) => reaches(lab, lab.scanner, address, port)));
  const expectReached = (addresses: readonly string[], port: number) =>
    lab.waitFor(async () => (await reached(addresses, port)).every(Boolean));
  const expectShutOut = async (addresses: readonly string[], port: number) =>
    expect(await reached(addresses, port)).toEqual(addresses.map(() => false));

  test('a spared source passes for as long as it is spared', async () => {
    const victim = ['10.99.0.2', 'fd99::2'];
    // The spared source itself, and a prefix that holds it.
    expect(await backend.block([...SCANNER, '10.99.0.0/24', 'fd99::/64', ...EVERYBODY])).toEqual(
      Array(7).fill(null),
    );
    await expectShutOut(victim, PORT);
    expect(await backend.spare(SCANNER)).toBeNull();
    await expectReached(victim, PORT);
    // Also when more is blocked later.
    expect(await backend.block(['10.99.0.0/25', 'fd99::/65'])).toEqual([null, null]);
    await expectReached(victim, PORT);
    expect(await backend.spare(['192.0.2.0/24', '2001:db8::/32'])).toBeNull();
    await expectShutOut(victim, PORT);
    expect(await backend.spare(['10.99.0.0/28', 'fd99::/60'])).toBeNull();
    await expectReached(victim, PORT);
    expect(await backend.spare(['0.0.0.0/0', '::/0'])).toBeNull();
    await expectReached(victim, PORT);
    expect(await backend.spare(['10.99.0.1', '10.99.0.1; flush'])).toMatch(/^not an address or prefix/);
    expect(await backend.spare([])).toBeNull();
    await expectShutOut(victim, PORT);
    expect(backend.events()).toEqual([]);
  });

  test('spared sources are spared again after the rules were gone', async () => {
    await backend.spare(SCANNER);
    await shell(
      lab,
      lab.victim,
      'nft flush ruleset; iptables -t raw -F; ip6tables -t raw -F; ipset destroy || true',
    );
    expect(await backend.open()).toBe('made');
    expect(await backend.block([...SCANNER, '10.99.0.0/24', 'fd99::/64'])).toEqual(Array(4).fill(null));
    await expectReached(['10.99.0.2', 'fd99::2'], PORT);
  });

  test('forwarded packets are dropped, also those to a published port', async () => {
    inner = await lab.host('inner');
    await lab.link(lab.victim, inner);
    await startService(lab, inner, 'tcp-echo', PORT);
    await shell(lab, inner, 'ip route add default via 10.99.1.1; ip route add default via fd99:1::1');
    await shell(
      lab,
      lab.scanner,
      'ip route add 10.99.1.0/24 via 10.99.0.2; ip route add fd99:1::/64 via fd99::2',
    );
    await shell(lab, lab.victim, ROUTER);
    const behind = ['10.99.1.2', 'fd99:1::2'];
    const front = ['10.99.0.2', 'fd99::2'];
    await expectReached(behind, PORT);
    await expectReached(front, PUBLISHED);
    await backend.block(SCANNER);
    await expectShutOut(behind, PORT);
    await expectShutOut(front, PUBLISHED);
    await backend.release(SCANNER);
    await expectReached(behind, PORT);
    await expectReached(front, PUBLISHED);
  });
});

test('route: a foreign route to the very same prefix stays, and the block fails', async () => {
  await shell(
    lab,
    lab.victim,
    'ip route add 10.99.0.1/32 dev eth0; ip route add fd99::1/128 dev eth0 metric 1',
  );
  const show = 'ip route show table all; ip -6 route show table all';
  const before = await shell(lab, lab.victim, show);
  const backend = await LabBackend.start(lab, lab.victim, 'route');
  await backend.open();
  expect(await backend.block([...SCANNER, '192.0.2.1'])).toEqual([
    'ip: there is a route to 10.99.0.1/32 already, and not of ours',
    'ip: there is a route to fd99::1/128 already, and not of ours',
    null,
  ]);
  expect(await backend.release([...SCANNER, '192.0.2.1'])).toEqual([null, null, null]);
  expect(await shell(lab, lab.victim, show)).toBe(before);
});

test('route: of two routes to the same prefix ours is preferred, and the other stays', async () => {
  await startService(lab, lab.victim, 'tcp-echo', PORT);
  await shell(
    lab,
    lab.victim,
    'ip route add 10.99.0.1/32 dev eth0 metric 5; ip route add fd99::1/128 dev eth0 metric 5',
  );
  const backend = await LabBackend.start(lab, lab.victim, 'route');
  await backend.open();
  expect(await backend.block(SCANNER)).toEqual([null, null]);
  for (const address of ['10.99.0.2', 'fd99::2']) {
    expect(await reaches(lab, lab.scanner, address, PORT), address).toBe(false);
  }
  await backend.release(SCANNER);
  for (const address of ['10.99.0.2', 'fd99::2']) {
    await lab.waitFor(() => reaches(lab, lab.scanner, address, PORT));
  }
});

// "ip: FIB table does not exist."
test('route: a host without any route can block, too', async () => {
  const bare = await lab.host('bare');
  const backend = await LabBackend.start(lab, bare, 'route');
  expect(await backend.open()).toBe('found');
  expect(await backend.release(SCANNER)).toEqual([null, null]);
  expect(await backend.block(SCANNER)).toEqual([null, null]);
  expect(await backend.targets()).toEqual([...SCANNER]);
  await backend.close('release');
  expect(await backend.list()).toEqual([]);
});
