import { expect, test } from 'vitest';
import { NeighbourHolds, readNeighbours } from '../../src/daemon/neighbour-holds.ts';
import { address } from '../track/given.ts';

const MAC = '02:99:00:00:00:01';
const OTHER = '02:99:00:00:00:02';

/** Each address is that of a neighbour with this hardware address. */
function given(macOf: (host: number) => string) {
  const held: string[] = [];
  const looks: number[] = [];
  const clock = { ms: 0 };
  const hosts = Array.from({ length: 2_000 }, (_, index) => index + 1);
  const known = new Map(hosts.map((host) => [address(`fd99::${host.toString(16)}`).toString(), macOf(host)]));
  const neighbours = new NeighbourHolds({
    hold: (mac) => held.push(mac),
    now: () => clock.ms,
    look: async () => {
      looks.push(clock.ms);
      return known;
    },
  });
  const probe = (host: number) => neighbours.probed(address(`fd99::${host.toString(16)}`));
  return { probe, held, looks, clock };
}

test('a neighbour of more than four addresses that probe is held by its hardware address', async () => {
  const { probe, held, looks } = given(() => MAC);
  for (const host of [1, 2, 3, 4, 4]) await probe(host);
  expect([held, looks]).toEqual([[], []]);
  await probe(5);
  expect(held).toEqual([MAC]);
});

test('neighbours of few addresses each are not', async () => {
  const { probe, held } = given((host) => `02:99:00:00:00:0${host % 3}`);
  for (let host = 1; host <= 12; host++) await probe(host);
  expect(held).toEqual([]);
});

test('a scan at full speed starts ten programs a second', async () => {
  const { probe, looks, clock } = given(() => MAC);
  for (let host = 1; host <= 2_000; host++, clock.ms++) await probe(host);
  expect(looks).toHaveLength(20);
});

test('addresses add up for ten minutes', async () => {
  const { probe, held, clock } = given(() => MAC);
  for (let host = 1; host <= 20; host++, clock.ms += 151_000) await probe(host);
  expect(held).toEqual([]);
});

test('what ip lists is read, and those whom the kernel does not know are left out', () => {
  const text = [
    `fd99::5 dev eth0 lladdr ${MAC} REACHABLE `,
    `fe80::1 dev eth0 lladdr ${OTHER} router STALE `,
    'fd99::7 dev eth0 FAILED ',
    'fd99::8 dev eth0 INCOMPLETE ',
    '',
  ].join('\n');
  expect([...readNeighbours(text)]).toEqual([
    ['fd99::5', MAC],
    ['fe80::1', OTHER],
  ]);
});
