import type { Address } from '../net/address.ts';
import { type Coin, CoinTest } from './coin-test.ts';

/** A coin counts for the first SYN that comes again within this time. */
const COIN_TIME_MS = 60_000;

/** A test, and what came of it, is kept for this long. Only then may the same source begin another. */
const DAY_MS = 86_400_000;

/**
 * Sources under test; 8 KiB each. When there are more, one that no bet has fallen on leaves first, so a forger that sends
 * to each port once displaces only its like.
 */
export const MAX_TESTS = 1_000;

/**
 * Sources that were proven, or pushed out of their test, within a day. When there are as many nobody new begins, because
 * a source that is tested again and again is proven some day. So all forgers together have about this many tests a day,
 * and expect a false proof of one source or another in 16 days.
 */
export const MAX_FINISHED = 65_536;

/** Coins that wait for a bet; the oldest leaves. The kernel tosses 1,000 a second for all sources together. */
export const MAX_COINS = 65_536;

interface Test {
  readonly coins: CoinTest;
  /** When it began, or its first bet fell. */
  time: number;
}

interface Toss {
  readonly test: Test;
  readonly coin: Coin;
  readonly destination: string;
  readonly time: number;
}

interface Finished {
  readonly isProven: boolean;
  readonly time: number;
}

/** One SYN of a source that the kernel has reported. */
export interface ReportedSyn {
  readonly source: Address;
  readonly destination: Address;
  readonly port: number;
  /** How it was answered, if it is the first to the port; else null. */
  readonly coin: Coin | null;
  /** On a monotonic clock, ms. */
  readonly time: number;
}

/** The sources of which the coin test knows something. */
export interface CoinCounts {
  readonly underTest: number;
  readonly proven: number;
  /** Nobody new begins a test. */
  readonly isFull: boolean;
}

/**
 * The coin tests of all sources, each a single address. All maps are in the order of time. Which test or coin leaves for
 * want of room does not depend on how a coin fell, and a source whose test leaves after a bet does not begin again for a
 * day. So each source has one martingale a day, and is falsely proven with a probability of at most 2^-20 in it.
 */
export class CoinTests {
  /** Tests without a bet. Such a test has M = 1, as one that begins: to leave it takes nothing and gives nothing. */
  readonly #fresh = new Map<string, Test>();
  /** Tests with a bet. */
  readonly #running = new Map<string, Test>();
  readonly #finished = new Map<string, Finished>();
  readonly #tosses = new Map<string, Toss>();
  #proven = 0;

  /** Takes a SYN. True when it proves that its source reads what is sent to its address. */
  take({ source, destination, port, coin, time }: ReportedSyn): boolean {
    this.#forget(time);
    const key = source.toString();
    const place = `${key} ${port}`;
    const toss = this.#tosses.get(place);
    if (toss !== undefined) return this.#sentAgain(key, place, toss, destination, time);
    if (coin === null) return false;
    const test = this.#testOf(key) ?? this.#begin(key, time);
    if (test === null || !test.coins.takePort(port)) return false;
    this.#tosses.set(place, { test, coin, destination: destination.toString(), time });
    if (this.#tosses.size > MAX_COINS) dropFirst(this.#tosses);
    return false;
  }

  /** Whether the source was proven within a day. */
  hasProven(source: Address): boolean {
    // Asked for each probe.
    return this.#proven > 0 && this.#finished.get(source.toString())?.isProven === true;
  }

  /** How far the test of a source is; null when none has begun, or it is over. */
  progressOf(source: Address): { readonly bets: number; readonly log2: number } | null {
    const test = this.#testOf(source.toString());
    return test === undefined ? null : { bets: test.coins.bets, log2: test.coins.log2 };
  }

  get counts(): CoinCounts {
    return {
      underTest: this.#size,
      proven: this.#proven,
      isFull: this.#finished.size >= MAX_FINISHED,
    };
  }

  /** Forgets everything; for when the settings end the test. */
  clear(): void {
    this.#fresh.clear();
    this.#running.clear();
    this.#finished.clear();
    this.#tosses.clear();
    this.#proven = 0;
  }

  /** A scan of another address of this host is no answer to the coin. */
  #sentAgain(key: string, place: string, toss: Toss, destination: Address, time: number): boolean {
    const { test, coin } = toss;
    if (destination.toString() !== toss.destination) return false;
    this.#tosses.delete(place);
    if (this.#testOf(key) !== test) return false;
    const isProven = test.coins.bet(coin);
    if (this.#fresh.delete(key)) {
      test.time = time;
      this.#running.set(key, test);
    }
    if (isProven) this.#finish(key, { isProven, time });
    return isProven;
  }

  #begin(key: string, time: number): Test | null {
    if (this.#finished.has(key) || this.#finished.size >= MAX_FINISHED) return null;
    if (this.#size >= MAX_TESTS) this.#pushOut(time);
    const test = { coins: new CoinTest(), time };
    this.#fresh.set(key, test);
    return test;
  }

  #pushOut(time: number): void {
    if (this.#fresh.size > 0) {
      dropFirst(this.#fresh);
      return;
    }
    const [oldest] = this.#running.keys();
    this.#finish(oldest as string, { isProven: false, time });
  }

  #testOf(key: string): Test | undefined {
    return this.#running.get(key) ?? this.#fresh.get(key);
  }

  get #size(): number {
    return this.#fresh.size + this.#running.size;
  }

  #finish(key: string, finished: Finished): void {
    this.#running.delete(key);
    this.#finished.set(key, finished);
    if (finished.isProven) this.#proven++;
  }

  #forget(time: number): void {
    for (const [place, toss] of this.#tosses) {
      if (time - toss.time <= COIN_TIME_MS) break;
      this.#tosses.delete(place);
    }
    for (const tests of [this.#fresh, this.#running]) {
      for (const [key, test] of tests) {
        if (time - test.time < DAY_MS) break;
        tests.delete(key);
      }
    }
    for (const [key, finished] of this.#finished) {
      if (time - finished.time < DAY_MS) break;
      this.#finished.delete(key);
      if (finished.isProven) this.#proven--;
    }
  }
}

function dropFirst(map: Map<string, unknown>): void {
  const [first] = map.keys();
  map.delete(first as string);
}
