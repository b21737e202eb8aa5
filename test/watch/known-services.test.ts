import { expect, test } from 'vitest';
import { type Address, parseAddress } from '../../src/net/address.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../src/net/protocol.ts';
import { KnownServices, type Listener, MAX_KNOWN_SERVICES } from '../../src/watch/known-services.ts';

const EVERYWHERE = parseAddress('0.0.0.0') as Address;
const HERE = parseAddress('10.0.0.2') as Address;
const EPHEMERAL = { first: 32_768, last: 60_999 };
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ROOT = 0;
const USER = 1_000;

/** Known services after a first look at which nothing listened. */
function given(): { known: KnownServices; look: (listeners: Listener[], now: number) => void } {
  const known = new KnownServices(EPHEMERAL);
  const look = (tcp: Listener[], now: number) => known.update({ tcp, udp: [] }, now);
  look([], 0);
  return { known, look };
}

/** Whether TCP port 8080 or this one is known after it was held from `since` to `until`, looked at each second. */
function heldFor(ms: number, listener: Partial<Listener> = {}): boolean {
  const { known, look } = given();
  const held = { address: EVERYWHERE, port: 80, uid: ROOT, ...listener };
  for (let now = 1_000; now <= 1_000 + ms; now += 1_000) look([held], now);
  return known.lasting.length > 0;
}

test.each([
  ['a port that root holds for a minute', MINUTE_MS, {}, true],
  ['one that it holds for less', MINUTE_MS - 1_000, {}, false],
  ['a high port of an account of the system', MINUTE_MS, { port: 5432, uid: 105 }, true],
  ['a high port of a user', MINUTE_MS, { port: 8080, uid: USER }, false],
  ['a low port of a user, who has been given the right', MINUTE_MS, { uid: USER }, true],
  ['a port of the range that clients and media sessions use', MINUTE_MS, { port: 40_000, uid: 105 }, false],
])('%s is known: %s ms, %o, %s', (_what, ms, listener, known) => {
  expect(heldFor(ms, listener)).toBe(known);
});

test('what listens when the daemon starts is a service at once; each protocol by itself', () => {
  const known = new KnownServices(EPHEMERAL);
  known.update(
    {
      tcp: [{ address: EVERYWHERE, port: 25, uid: ROOT }],
      udp: [{ address: EVERYWHERE, port: 53, uid: 101 }],
    },
    0,
  );
  const asked = [PROTOCOL_TCP, PROTOCOL_UDP].flatMap((protocol) =>
    [25, 53].map((port) => known.has(protocol, HERE, port)),
  );
  expect(asked).toEqual([true, false, false, true]);
});

test('a service that is away is known for seven days, and then forgotten', () => {
  const { known, look } = given();
  for (let now = 0; now <= 2 * MINUTE_MS; now += 1_000)
    look([{ address: EVERYWHERE, port: 80, uid: ROOT }], now);
  look([], 7 * DAY_MS);
  expect(known.has(PROTOCOL_TCP, HERE, 80)).toBe(true);
  look([], 7 * DAY_MS + 2 * MINUTE_MS);
  expect(known.has(PROTOCOL_TCP, HERE, 80)).toBe(false);
});

test('a port that is let go within the minute is known for a minute, and never lasts', () => {
  const { known, look } = given();
  const web = { address: EVERYWHERE, port: 80, uid: ROOT };
  for (let now = 0; now < 10 * MINUTE_MS; now += 1_000) look(now % 30_000 < 10_000 ? [] : [web], now);
  expect(known.lasting).toEqual([]);
  look([], 10 * MINUTE_MS + 59_000 - 1_000);
  expect(known.has(PROTOCOL_TCP, HERE, 80)).toBe(true);
  look([], 10 * MINUTE_MS + 60_000);
  expect(known.has(PROTOCOL_TCP, HERE, 80)).toBe(false);
});

test('a service at one address is known there alone, and one of loopback nowhere', () => {
  const known = new KnownServices(EPHEMERAL);
  const at = (text: string) => ({ address: parseAddress(text) as Address, port: 80, uid: ROOT });
  known.update(
    { tcp: [at('10.0.0.2'), { ...at('127.0.0.1'), port: 81 }, { ...at('::1'), port: 82 }], udp: [] },
    0,
  );
  const elsewhere = parseAddress('10.0.0.3') as Address;
  expect([HERE, elsewhere].map((address) => known.has(PROTOCOL_TCP, address, 80))).toEqual([true, false]);
  expect(known.services.map(({ port, address }) => [port, address])).toEqual([[80, '10.0.0.2']]);
});

test('what a former run knew is taken over, but for what is too old, and a clock that was ahead gains nothing', () => {
  const known = new KnownServices(EPHEMERAL);
  const now = 100 * DAY_MS;
  const service = (port: number, lastSeen: number) =>
    ({ protocol: PROTOCOL_TCP, address: null, port, lastSeen }) as const;
  known.restore(
    [service(80, now - 6 * DAY_MS), service(81, now - 8 * DAY_MS), service(82, now + DAY_MS)],
    now,
  );
  expect([80, 81, 82].map((port) => known.has(PROTOCOL_TCP, HERE, port))).toEqual([true, false, true]);
  known.update({ tcp: [], udp: [] }, now + 7 * DAY_MS);
  expect(known.services).toEqual([]);
});

test('a local user who opens thousands of ports pushes out no service', () => {
  const { known, look } = given();
  const web = { address: EVERYWHERE, port: 80, uid: ROOT };
  const many = Array.from({ length: 5_000 }, (_, index) => ({
    address: EVERYWHERE,
    port: 1_024 + index,
    uid: 105,
  }));
  for (let now = 0; now <= 2 * MINUTE_MS; now += 1_000) look([web], now);
  look([web, ...many], 2 * MINUTE_MS + 1_000);
  expect(known.has(PROTOCOL_TCP, HERE, 80)).toBe(true);
  for (let now = 3 * MINUTE_MS; now <= 5 * MINUTE_MS; now += 1_000) look([web, ...many], now);
  expect([known.has(PROTOCOL_TCP, HERE, 80), known.services.length]).toEqual([true, MAX_KNOWN_SERVICES]);
});
