import { promises } from 'node:dns';
import { parseAddress } from '../net/address.ts';

/** Concurrent lookups. Each holds one of the four threads of Node's pool until the resolver gives up. */
const MAX_LOOKUPS = 2;

/** How long a line waits for a name before it gets the address. */
const MAX_WAIT_MS = 3_000;

/** Addresses that may wait for a lookup. In a flood of forged sources, all others appear without a name. */
const MAX_ADDRESSES_WAITING = 256;

/** Lines that may wait for one name, so that a fast scan does not fill memory. */
const MAX_LINES_WAITING = 64;

/** Names that are kept. When forged sources fill the table, the oldest leaves. */
const MAX_KNOWN = 4_096;

/** How long a name is valid, and how long an address without one is not looked up again. */
const NAME_LIFE_MS = 3_600_000;
const NO_NAME_LIFE_MS = 60_000;

/** Looks up the name of an address; rejects when there is none. */
export type Lookup = (address: string) => Promise<string>;

interface Waiting {
  readonly since: number;
  readonly uses: ((name: string) => void)[];
  asked: boolean;
}

/**
 * The names of hosts (RESOLVE_HOST), looked up in the background. A caller passes a function that uses the name. The
 * functions for one address run in the order in which they were passed.
 */
export class Names {
  readonly #lookup: Lookup;
  readonly #known = new Map<string, { readonly name: string; readonly until: number }>();
  readonly #waiting = new Map<string, Waiting>();
  #lookups = 0;
  #now = 0;
  #closed = false;

  constructor(lookup: Lookup = askResolver) {
    this.#lookup = lookup;
  }

  /** Calls `use` with the name of the address, at once when it is known; with the address when it has none. */
  withName(address: string, now: number, use: (name: string) => void): void {
    this.#now = now;
    const waiting = this.#waiting.get(address);
    if (waiting !== undefined) {
      waiting.uses.push(use);
      if (waiting.uses.length >= MAX_LINES_WAITING) this.#settle(address, address, NO_NAME_LIFE_MS);
      return;
    }
    const known = this.#known.get(address);
    if (known !== undefined && known.until > now) use(known.name);
    else if (this.#closed || this.#waiting.size >= MAX_ADDRESSES_WAITING) use(address);
    else {
      this.#waiting.set(address, { since: now, uses: [use], asked: false });
      this.#ask();
    }
  }

  /** Call about once a second. Lines that have waited long enough get the address. */
  tick(now: number): void {
    this.#now = now;
    for (const [address, { since }] of this.#waiting) {
      if (Math.abs(now - since) >= MAX_WAIT_MS) this.#settle(address, address, NO_NAME_LIFE_MS);
    }
    this.#ask();
  }

  /** All waiting and all later lines get the address. */
  close(): void {
    this.#closed = true;
    for (const address of [...this.#waiting.keys()]) this.#settle(address, address, NO_NAME_LIFE_MS);
  }

  #ask(): void {
    for (const [address, waiting] of this.#waiting) {
      if (this.#lookups >= MAX_LOOKUPS) return;
      if (waiting.asked) continue;
      waiting.asked = true;
      this.#lookups++;
      this.#lookup(address).then(
        (answer) => this.#answered(address, cleanName(answer) ?? address),
        () => this.#answered(address, address),
      );
    }
  }

  /** A late answer serves the next line. */
  #answered(address: string, name: string): void {
    this.#lookups--;
    this.#settle(address, name, name === address ? NO_NAME_LIFE_MS : NAME_LIFE_MS);
    if (!this.#closed) this.#ask();
  }

  #settle(address: string, name: string, lifeMs: number): void {
    this.#remember(address, name, lifeMs);
    const waiting = this.#waiting.get(address);
    this.#waiting.delete(address);
    for (const use of waiting?.uses ?? []) use(name);
  }

  #remember(address: string, name: string, lifeMs: number): void {
    this.#known.delete(address);
    if (this.#known.size >= MAX_KNOWN) this.#known.delete(this.#known.keys().next().value as string);
    this.#known.set(address, { name, until: this.#now + lifeMs });
  }
}

/**
 * inet_aton(3) takes decimal, octal and hexadecimal numbers, and fewer than four of them: 0x7f.1 is 127.0.0.1. No top-level
 * domain is a number, so a name whose last label is one is an address (URL Standard, "ends in a number").
 */
const NUMBER_AT_END = /(^|\.)(\d+|0x[\da-f]*)\.*$/i;

/**
 * A name from the network, made safe for a log line: at most 255 letters, digits, dots, hyphens and underscores.
 * Null for no name, and for one that looks like an address: with it, the owner of a reverse zone could make a reader
 * of the log block another host.
 */
export function cleanName(answer: string): string | null {
  const name = answer.replace(/\.$/, '');
  if (name === '' || name.includes(':') || NUMBER_AT_END.test(name)) return null;
  return name.slice(0, 255).replace(/[^A-Za-z0-9._-]/g, '_');
}

/** What askResolver asks. */
export interface Resolver {
  /** getnameinfo(3) and getaddrinfo(3), so that /etc/hosts counts as in every other program. */
  readonly nameOf: (address: string) => Promise<string>;
  readonly addressesOf: (name: string) => Promise<readonly string[]>;
}

const SYSTEM: Resolver = {
  nameOf: async (address) => (await promises.lookupService(address, 0)).hostname,
  addressesOf: async (name) => (await promises.lookup(name, { all: true })).map(({ address }) => address),
};

/**
 * The name of an address. Rejects when there is none, or when the name does not lead back to the address: the owner of an
 * address decides what name it has, but not where a name of others leads.
 */
export async function askResolver(address: string, resolver = SYSTEM): Promise<string> {
  const name = await resolver.nameOf(address);
  // A text that looks like an address would lead back to itself.
  if (cleanName(name) === null) throw new Error('it looks like an address');
  const wanted = parseAddress(address);
  const leadsBack = (text: string) => {
    const found = parseAddress(text.split('%')[0] as string);
    return wanted !== null && found?.equals(wanted) === true;
  };
  if (!(await resolver.addressesOf(name)).some(leadsBack)) throw new Error('it does not lead back');
  return name;
}
