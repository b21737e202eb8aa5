import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Coin } from '../../src/track/coin-test.ts';
import { CoinTests, MAX_COINS, MAX_FINISHED, MAX_TESTS } from '../../src/track/coin-tests.ts';
import { address } from './given.ts';

const DAY_MS = 86_400_000;
const OURS = address('10.0.0.2');

/** Coin tests, and short words for what is reported to them. */
function given() {
  const tests = new CoinTests();
  const syn = (
    source: string,
    port: number,
    coin: Coin | null,
    { time = 0, destination = OURS }: { time?: number; destination?: typeof OURS } = {},
  ) => tests.take({ source: address(source), destination, port, coin, time });
  /** A toss of each port, and then each of them again. True when that proves the source. */
  const bets = (source: string, coins: readonly Coin[], time = 0, from = 1) => {
    for (const [index, coin] of coins.entries()) syn(source, from + index, coin, { time });
    return coins.map((_, index) => syn(source, from + index, null, { time })).includes(true);
  };
  const isProven = (source: string) => tests.hasProven(address(source));
  return { tests, syn, bets, isProven };
}

const silent = (count: number): Coin[] => new Array<Coin>(count).fill('silent');

test('a source that sends again to 24 silent ports is proven, and no other', () => {
  const { bets, isProven, tests } = given();
  expect(bets('10.0.0.1', silent(24))).toBe(true);
  expect(bets('10.0.0.3', silent(23))).toBe(false);
  expect([isProven('10.0.0.1'), isProven('10.0.0.3')]).toEqual([true, false]);
  expect(tests.counts).toEqual({ underTest: 1, proven: 1, isFull: false });
  expect(tests.progressOf(address('10.0.0.1'))).toBeNull();
  expect(tests.progressOf(address('10.0.0.3'))).toMatchObject({ bets: 23 });
});

test('each address of an IPv6 network is a source', () => {
  const { bets, isProven } = given();
  expect(bets('2001:db8::1', silent(24))).toBe(true);
  expect(isProven('2001:db8::2')).toBe(false);
});

describe('no bet falls', () => {
  test('for a port that a coin was never tossed for', () => {
    const { syn, tests } = given();
    for (let port = 1; port < 100; port++) syn('10.0.0.1', port, null);
    expect(tests.counts.underTest).toBe(0);
  });

  test('for a SYN that comes later than a minute', () => {
    const { syn, tests } = given();
    syn('10.0.0.1', 1, 'silent');
    syn('10.0.0.1', 1, null, { time: 60_001 });
    expect(tests.progressOf(address('10.0.0.1'))).toEqual({ bets: 0, log2: 0 });
  });

  test('for a SYN to another address of this host', () => {
    const { syn, tests } = given();
    syn('10.0.0.1', 1, 'reset');
    syn('10.0.0.1', 1, null, { destination: address('10.0.0.9') });
    expect(tests.progressOf(address('10.0.0.1'))).toEqual({ bets: 0, log2: 0 });
  });

  test('twice for a port, also when the kernel tosses again', () => {
    const { syn, tests } = given();
    for (const time of [0, 61_000, 122_000]) {
      syn('10.0.0.1', 1, 'silent', { time });
      syn('10.0.0.1', 1, null, { time });
      syn('10.0.0.1', 1, null, { time });
    }
    expect(tests.progressOf(address('10.0.0.1'))).toMatchObject({ bets: 1 });
  });
});

test('the coin of a port is what its first report said, also when a later one says otherwise', () => {
  const { syn, tests } = given();
  syn('10.0.0.1', 1, 'reset');
  syn('10.0.0.1', 1, 'silent');
  expect(tests.progressOf(address('10.0.0.1'))).toEqual({ bets: 1, log2: Math.log2(0.2) });
});

test('a test goes on for a day, and then begins anew', () => {
  const { bets, tests } = given();
  bets('10.0.0.1', silent(10));
  bets('10.0.0.1', silent(10), DAY_MS - 1, 100);
  expect(tests.progressOf(address('10.0.0.1'))).toMatchObject({ bets: 20 });
  bets('10.0.0.1', silent(1), DAY_MS, 200);
  expect(tests.progressOf(address('10.0.0.1'))).toMatchObject({ bets: 1 });
});

test('a proof is kept for a day', () => {
  const { bets, syn, isProven, tests } = given();
  bets('10.0.0.1', silent(24), 1_000);
  syn('10.0.0.9', 1, null, { time: DAY_MS + 999 });
  expect(isProven('10.0.0.1')).toBe(true);
  syn('10.0.0.9', 1, null, { time: DAY_MS + 1_000 });
  expect(isProven('10.0.0.1')).toBe(false);
  expect(tests.counts).toEqual({ underTest: 0, proven: 0, isFull: false });
});

const nth = (index: number) => `10.${1 + (index >>> 16)}.${(index >>> 8) & 255}.${index & 255}`;

describe('more sources than are tested', () => {
  test('push out those that no bet has fallen on first, which may come back', () => {
    const { bets, syn, tests } = given();
    bets('10.0.0.1', silent(5));
    for (let index = 0; index < 2 * MAX_TESTS; index++) syn(nth(index), 1, 'silent');
    expect(tests.counts).toEqual({ underTest: MAX_TESTS, proven: 0, isFull: false });
    expect(tests.progressOf(address('10.0.0.1'))).toMatchObject({ bets: 5 });
    expect(bets(nth(0), silent(24), 0, 2)).toBe(true);
  });

  test('push out the oldest then, which does not begin again for a day', () => {
    const { bets, tests } = given();
    bets('10.0.0.1', silent(20));
    for (let index = 0; index < MAX_TESTS; index++) bets(nth(index), silent(1));
    expect(tests.progressOf(address('10.0.0.1'))).toBeNull();
    expect(bets('10.0.0.1', silent(60), DAY_MS - 1, 100)).toBe(false);
    expect(bets('10.0.0.1', silent(60), DAY_MS, 200)).toBe(true);
  });

  test('end when too many were pushed out within a day: nobody new begins', () => {
    const { bets, syn, tests, isProven } = given();
    const count = MAX_TESTS + MAX_FINISHED;
    for (let index = 0; index < count; index++) bets(nth(index), silent(1));
    expect(tests.counts).toEqual({ underTest: MAX_TESTS, proven: 0, isFull: true });
    expect(bets('10.0.0.1', silent(24))).toBe(false);
    // One under test goes on.
    expect(bets(nth(count - 1), silent(23), 0, 2)).toBe(true);
    expect(isProven(nth(count - 1))).toBe(true);
    syn('10.0.0.9', 1, null, { time: DAY_MS });
    expect(bets('10.0.0.1', silent(24), DAY_MS)).toBe(true);
  });
});

test('more coins than are remembered make the oldest forgotten', () => {
  const { syn, tests } = given();
  for (let port = 0; port <= MAX_COINS; port++)
    syn(port < 65_536 ? '10.0.0.1' : '10.0.0.3', port % 65_536, 'silent');
  syn('10.0.0.1', 0, null);
  expect(tests.progressOf(address('10.0.0.1'))).toMatchObject({ bets: 0 });
  syn('10.0.0.1', 1, null);
  expect(tests.progressOf(address('10.0.0.1'))).toMatchObject({ bets: 1 });
});

/** One packet of a forger: from one of four sources to one of 400 ports, after a while. */
const packets = fc.array(fc.record({ source: fc.nat(3), port: fc.nat(400), wait: fc.nat(2_000) }), {
  minLength: 200,
  maxLength: 2_000,
});

test('what a sender cannot see changes nothing of its chances: with all coins turned over, a bet lost is a bet won', () => {
  fc.assert(
    fc.property(packets, fc.infiniteStream(fc.boolean()), (sent, coins) => {
      const tosses = [...sent].map(() => coins.next().value as boolean);
      const play = (turned: boolean) => {
        const { syn, tests } = given();
        const seen = new Set<string>();
        let time = 0;
        for (const [index, { source, port, wait }] of sent.entries()) {
          time += wait;
          const place = `${source} ${port}`;
          const coin = tosses[index] === turned ? 'silent' : 'reset';
          syn(nth(source), port, seen.has(place) ? null : coin, { time });
          seen.add(place);
        }
        return [0, 1, 2, 3].map((source) => tests.progressOf(address(nth(source))));
      };
      const [one, other] = [play(true), play(false)];
      for (const [index, progress] of one.entries()) {
        const against = other[index];
        // Unless one of the two is proven, the same bets have fallen, and each of them the other way.
        if (progress == null || against == null) continue;
        expect(against.bets).toBe(progress.bets);
        expect(progress.log2 + against.log2).toBeCloseTo(progress.bets * Math.log2(1.8 * 0.2), 6);
      }
    }),
    { numRuns: 30 },
  );
});
