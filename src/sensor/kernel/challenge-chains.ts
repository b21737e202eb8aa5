import type { TablePlan } from './plan.ts';
import type { Writer } from './writer.ts';

/**
 * Coins a second, for all sources together. A coin is remembered for MEMORY_S, so the sets of coins never fill: one that
 * is full would show a sender how many others there are.
 */
const COIN_RATE = 'limit rate over 1000/second burst 1000 packets';

/** The kernel hands reports over when this many wait, or after a second; the same for both sides of the coin. */
const BATCH = 32;

/**
 * The coin test's half in the kernel (`src/track/coin-test.ts` has the other): of a held source's ports a random half is
 * answered with RST, once, and the others stay silent. A sender that learns how a coin of another source fell could
 * forge a proof. So nothing that a sender can find out from its own address depends on which side a coin shows: the
 * limit is charged before the toss, one set remembers both sides, and neither report has a limit of its own.
 */
export function challenge(plan: TablePlan, writer: Writer): string[] {
  if (!tossesCoins(plan)) return [];
  return [
    'chain challenge {',
    'ip saddr . tcp dport @tossed4 return',
    'ip6 saddr . tcp dport @tossed6 return',
    `${COIN_RATE} return`,
    'add @tossed4 { ip saddr . tcp dport } goto toss',
    'add @tossed6 { ip6 saddr . tcp dport } goto toss',
    '}',
    'chain toss {',
    'numgen random mod 2 0 goto toss_silent',
    `${writer.reportAll('reset', BATCH)} counter name held reject with tcp reset`,
    '}',
    'chain toss_silent {',
    `${writer.reportAll('silent', BATCH)} counter name held drop`,
    '}',
  ];
}

/** Whether coins are tossed: a table that reports nothing has no use for them. */
export function tossesCoins({ challenges, group }: TablePlan): boolean {
  return challenges && group !== null;
}

/** The way of a held source's packet to the coin. In the name of another host this one answers nothing. */
export function challenged(plan: TablePlan): string[] {
  return tossesCoins(plan)
    ? ['tcp flags & (fin|syn|rst|ack) == syn fib daddr type local jump challenge']
    : [];
}

/**
 * Our RSTs end no connection and prove no block gone. What is remembered of other RSTs would otherwise show how many of
 * the coins fell that way.
 */
export function uncounted(plan: TablePlan): string[] {
  if (!tossesCoins(plan)) return [];
  return ['ip daddr . tcp sport @tossed4', 'ip6 daddr . tcp sport @tossed6'].map(
    (match) => `tcp flags & (fin|syn|rst) == rst ${match} accept`,
  );
}
