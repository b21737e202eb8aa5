import { promises } from 'node:dns';

/** Lookups under way. Each holds a thread of Node's pool of four until the resolver gives up. */
const MAX_LOOKUPS = 2;

/** How long (ms) a line waits for its name; then the address is used. */
const PATIENCE = 3_000;

/** Addresses that wait for a lookup: a flood of forged sources gets addresses only. */
const MAX_WAITING = 256;

/** Lines that wait for one name: a scan at full speed must not gather in memory. */
const MAX_LINES_WAITING = 64;

/** Names that are kept; the oldest leaves when forged sources fill it. */
const MAX_KNOWN = 4_096;

/** How long (ms) a name is good, and how long an address without one is not asked for again. */
const NAME_LIFE = 3_600_000;
const NO_NAME_LIFE = 60_000;

/** Asks for the name of an address; rejects when there is none. */
export type Lookup = (address: string) => Promise<string>;

interface Waiting {
  readonly since: number;
  readonly uses: ((name: string) => void)[];
  asked: boolean;
}

/**
 * The names of hosts (RESOLVE_HOST), looked up beside everything else. Whoever needs a name hands over what to do
 * with it; for one address that is done in the order in which it was handed over.
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

  /** Calls `use` with the address's name, at once when it is known; with the address itself where it has none. */
  withName(address: string, now: number, use: (name: string) => void): void {
    this.#now = now;
    const waiting = this.#waiting.get(address);
    if (waiting !== undefined) {
      waiting.uses.push(use);
      if (waiting.uses.length >= MAX_LINES_WAITING) this.#settle(address, address, NO_NAME_LIFE);
      return;
    }
    const known = this.#known.get(address);
    if (known !== undefined && known.until > now) use(known.name);
    else if (this.#closed || this.#waiting.size >= MAX_WAITING) use(address);
    else {
      this.#waiting.set(address, { since: now, uses: [use], asked: false });
      this.#ask();
    }
  }

  /** To be called every second or so: who has waited long enough gets the address. */
  tick(now: number): void {
    this.#now = now;
    for (const [address, { since }] of this.#waiting) {
      if (Math.abs(now - since) >= PATIENCE) this.#settle(address, address, NO_NAME_LIFE);
    }
    this.#ask();
  }

  /** Everyone who waits, and everyone who comes later, gets the address. */
  close(): void {
    this.#closed = true;
    for (const address of [...this.#waiting.keys()]) this.#settle(address, address, NO_NAME_LIFE);
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

  /** A late answer is of use to the next line. */
  #answered(address: string, name: string): void {
    this.#lookups--;
    this.#settle(address, name, name === address ? NO_NAME_LIFE : NAME_LIFE);
    if (!this.#closed) this.#ask();
  }

  #settle(address: string, name: string, life: number): void {
    this.#remember(address, name, life);
    const waiting = this.#waiting.get(address);
    this.#waiting.delete(address);
    for (const use of waiting?.uses ?? []) use(name);
  }

  #remember(address: string, name: string, life: number): void {
    this.#known.delete(address);
    if (this.#known.size >= MAX_KNOWN) this.#known.delete(this.#known.keys().next().value as string);
    this.#known.set(address, { name, until: this.#now + life });
  }
}

/**
 * A name out of the network as it may stand in a log line: letters, digits, dot, hyphen and underscore, at most
 * 255. null when it is none, or one that could be taken for an address: whoever owns a reverse zone could have
 * a reader of the log block somebody else.
 */
export function cleanName(answer: string): string | null {
  const name = answer.replace(/\.$/, '');
  if (name === '' || name.includes(':') || /^[\d.]+$/.test(name)) return null;
  return name.slice(0, 255).replace(/[^A-Za-z0-9._-]/g, '_');
}

/** By getnameinfo, so /etc/hosts counts as everywhere on the host. */
async function askResolver(address: string): Promise<string> {
  return (await promises.lookupService(address, 0)).hostname;
}
