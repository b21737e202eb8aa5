/** The kernel's first report of a SYN to a port said how it was answered: with RST, or not at all. */
export type Coin = 'reset' | 'silent';

/**
 * What a bet multiplies M by. A sender that reads our answers sends again to silent ports alone. The mean of the two is
 * 1, so a sender that does not know the coins neither gains nor loses.
 */
const FACTOR: Readonly<Record<Coin, number>> = { silent: 1.8, reset: 0.2 };

const LOG2_FACTOR: Readonly<Record<Coin, number>> = {
  silent: Math.log2(FACTOR.silent),
  reset: Math.log2(FACTOR.reset),
};

/** log2 of the M that proves. */
export const PROOF_LOG2 = 20;

const PORTS = 65_536;

/**
 * The coin test of one source: does it read what this host sends to its address? The kernel tosses a fair coin for each
 * of the ports that it probes, and answers by it (`src/sensor/kernel/challenge-chains.ts`). A bet falls on each port that
 * the source sends to again; M, at first 1, is multiplied by 1.8 when that port was silent and by 0.2 when it was reset.
 *
 * A forger does not see our answers, so each coin is fair and independent of all that it knows when it bets. M is then a
 * martingale that is never negative, with mean 1. By Ville's inequality (J. Ville, "Étude critique de la notion de
 * collectif", 1939) M reaches 2^20 at any time with a probability of at most 2^-20, whatever the forger sends, in
 * whatever order, however long, and also when it learns how earlier bets ended. A scanner proves itself with 24
 * ports that it sent to again, all silent; with 28 if one was reset.
 *
 * This holds only as long as a port gets one bet, by the coin of its first report, and M is never set back to 1.
 */
export class CoinTest {
  /** A bit for each port that has had its coin. */
  #taken: Uint8Array | null = null;
  #log2 = 0;
  #bets = 0;

  /** log2 of M. */
  get log2(): number {
    return this.#log2;
  }

  /** Bets that have fallen. */
  get bets(): number {
    return this.#bets;
  }

  /** Takes the port's only coin; false when it had one. */
  takePort(port: number): boolean {
    this.#taken ??= new Uint8Array(PORTS / 8);
    const at = port >>> 3;
    const bit = 1 << (port & 7);
    const octet = this.#taken[at] as number;
    this.#taken[at] = octet | bit;
    return (octet & bit) === 0;
  }

  /** A bet falls on a port's coin. True when the source is proven by it. */
  bet(coin: Coin): boolean {
    this.#bets++;
    this.#log2 += LOG2_FACTOR[coin];
    return this.#log2 >= PROOF_LOG2;
  }
}
