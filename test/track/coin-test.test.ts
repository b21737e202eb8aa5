import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Coin, CoinTest, PROOF_LOG2 } from '../../src/track/coin-test.ts';

/** The number of the bet that proves a source whose coins fell like this; null when none does. */
function provenAt(coins: readonly Coin[]): number | null {
  const source = new CoinTest();
  const at = coins.findIndex((coin) => source.bet(coin));
  return at < 0 ? null : at + 1;
}

const many = (coin: Coin, count: number): Coin[] => new Array<Coin>(count).fill(coin);

test.each<[string, Coin[], number | null]>([
  ['nothing was sent again', [], null],
  ['23 silent ports', many('silent', 23), null],
  ['24 silent ports', many('silent', 24), 24],
  ['one of 28 was reset', [...many('reset', 1), ...many('silent', 27)], 28],
  ['one of 28 was reset, the last but one', [...many('silent', 23), 'reset', ...many('silent', 4)], 28],
  ['two of 32 were reset', [...many('reset', 2), ...many('silent', 30)], 32],
  ['as many of each', new Array<Coin>(600).fill('silent').map((coin, i) => (i % 2 ? 'reset' : coin)), null],
  ['all were reset', many('reset', 10_000), null],
  ['the proof stays, whatever comes', [...many('silent', 24), ...many('reset', 100)], 24],
])('%s', (_what, coins, bet) => {
  expect(provenAt(coins)).toBe(bet);
});

test('the bet is fair: M of the next step is on average M', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom<Coin>('silent', 'reset'), { maxLength: 60 }), (coins) => {
      const after = (coin: Coin) => {
        const source = new CoinTest();
        for (const each of [...coins, coin]) source.bet(each);
        return 2 ** source.log2;
      };
      const source = new CoinTest();
      for (const each of coins) source.bet(each);
      const mean = (after('silent') + after('reset')) / 2;
      expect(mean / 2 ** source.log2).toBeCloseTo(1, 9);
    }),
  );
});

test('the order of the bets before makes no difference to M', () => {
  fc.assert(
    fc.property(
      fc
        .array(fc.constantFrom<Coin>('silent', 'reset'), { maxLength: 200 })
        .chain((coins) =>
          fc.tuple(fc.constant(coins), fc.shuffledSubarray(coins, { minLength: coins.length })),
        ),
      ([coins, shuffled]) => {
        const of = (bets: readonly Coin[]) => {
          const source = new CoinTest();
          for (const coin of bets) source.bet(coin);
          return source;
        };
        expect(of(coins).log2).toBeCloseTo(of(shuffled).log2, 6);
        expect(of(coins).bets).toBe(coins.length);
      },
    ),
  );
});

test('a port has one coin', () => {
  const source = new CoinTest();
  const ports = [0, 1, 7, 8, 65_535];
  expect(ports.map((port) => source.takePort(port))).toEqual(ports.map(() => true));
  expect(ports.map((port) => source.takePort(port))).toEqual(ports.map(() => false));
});

/**
 * A sender that knows nothing of its coins. It sees how its earlier bets ended, which is more than a forger can, and
 * chooses from that whether it goes on betting.
 */
interface Sender {
  readonly name: string;
  readonly goesOn: (log2: number, bets: number) => boolean;
}

const SENDERS: readonly Sender[] = [
  { name: 'sends every port again', goesOn: () => true },
  { name: 'stops when it has lost', goesOn: (log2) => log2 > -12 },
  { name: 'stops when it has won a little', goesOn: (log2) => log2 < 5 },
  { name: 'pauses after each loss, and comes back', goesOn: (log2, bets) => log2 >= 0 || bets % 3 > 0 },
];

const SOURCES = 200_000;
const BETS = 300;
const LEVELS = [5, 10, 15, PROOF_LOG2];

/** Of `SOURCES` sources, how many ever reach each level. */
function simulate({ goesOn }: Sender, seed: number): number[] {
  const random = mulberry32(seed);
  const reached = LEVELS.map(() => 0);
  for (let source = 0; source < SOURCES; source++) {
    const coins = new CoinTest();
    let highest = 0;
    let bits = 0;
    for (let bet = 0; bet < BETS; bet++) {
      if (bet % 32 === 0) bits = random();
      const coin = (bits & (1 << (bet & 31))) === 0 ? 'silent' : 'reset';
      if (!goesOn(coins.log2, bet)) continue;
      coins.bet(coin);
      if (coins.log2 > highest) highest = coins.log2;
    }
    for (const [index, level] of LEVELS.entries())
      if (highest >= level) reached[index] = (reached[index] as number) + 1;
  }
  return reached;
}

/** 32 random bits a call; the state is 32 bits. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** The smallest count that a Poisson variable of this mean exceeds in at most one of 10,000 cases. */
function poissonLimit(mean: number): number {
  let count = 0;
  // The terms of a large mean are too small for a product, so their logarithms are summed.
  let log = -mean;
  let sum = Math.exp(log);
  while (sum < 0.9999) {
    count++;
    log += Math.log(mean / count);
    sum += Math.exp(log);
  }
  return count;
}

describe.each(SENDERS)('200,000 sources that do not see our answers, each of which $name', (sender) => {
  test('reach no level more often than Ville’s inequality allows', () => {
    const reached = simulate(sender, 20_261_129);
    const limits = LEVELS.map((level) => poissonLimit(SOURCES / 2 ** level));
    for (const [index, count] of reached.entries())
      expect(count, `2^${LEVELS[index]}`).toBeLessThanOrEqual(limits[index] as number);
  });
});
