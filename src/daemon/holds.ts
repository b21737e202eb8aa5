import { Address, parseAddress } from '../net/address.ts';
import { overlaps, type Prefix } from '../net/prefix.ts';
import { HoldBudget } from '../sensor/kernel/hold-budget.ts';
import type { SensorTable } from '../sensor/kernel/sensor-table.ts';

/** Holds that are renewed a second: each is a command to nft. */
const MAX_RENEWALS_PER_SECOND = 20;

/** What the rules of the table can hold together: three of them, each 5 a second after a burst of 300. */
const HOLDS_PER_SECOND = 15;
const HOLDS_BURST = 900;

/** Renewed holds that are remembered; older ones have ended in the kernel. */
const MAX_REMEMBERED = 4_096;

const ADDRESS_BITS = 128;

/** What renews holds. */
export interface HoldsParts {
  readonly table: Pick<SensorTable, 'hold' | 'release' | 'exempt'>;
  readonly holdTimeMs: number;
  /** BLOCK_IPV6_PREFIX. */
  readonly ipv6Prefix: number;
  /** The monotonic clock, ms. */
  readonly now: () => number;
}

/** Where the kernel holds a source: its set, and the address or network in it. */
interface Place {
  readonly set: 'held4' | 'held6' | 'held6_64';
  readonly element: string;
}

/**
 * Renews the holds of sources that go on, and ends those that must end. The kernel begins each hold by itself. All of it
 * rests on packets that anybody can forge, so a source is held for a minute in ten at most.
 */
export class Holds {
  #parts: HoldsParts;
  #budget: HoldBudget;
  /** The /64 networks of this host's links, as text: their addresses are held one by one. */
  #links: ReadonlySet<string> = new Set();
  readonly #renewed = new Map<string, number>();
  #holdsLeft = HOLDS_BURST;
  #lastHeldMs = 0;
  #secondBegan = 0;
  #renewals = 0;

  constructor(parts: HoldsParts) {
    this.#parts = parts;
    this.#budget = new HoldBudget(parts.holdTimeMs);
  }

  /** Goes over to other settings. */
  configure(settings: Pick<HoldsParts, 'holdTimeMs' | 'ipv6Prefix'>): void {
    if (settings.holdTimeMs !== this.#parts.holdTimeMs) this.#budget = new HoldBudget(settings.holdTimeMs);
    this.#parts = { ...this.#parts, ...settings };
  }

  /** This host's links have these /64 networks now. */
  setLinks(networks: Iterable<string>): void {
    this.#links = new Set(networks);
  }

  /** The kernel has dropped a probe, and holds its source from now on unless it had no room for it. */
  held(source: Address): void {
    const { table, now } = this.#parts;
    if (!this.#mayBeHeld(now())) return;
    const { element } = this.#placeOf(source);
    this.#budget.spend(element, now());
    if (this.#budget.allows(element, now())) return;
    const text = source.toString();
    void table.exempt(source.isV4 ? 'exempt4' : 'exempt6', text, this.#budget.restOf(element, now()));
  }

  /** A held source has probed again: `isRepeat` for the same attempt, which renews nothing. */
  probedAgain(source: Address, isRepeat: boolean): void {
    if (isRepeat) return;
    const { table, holdTimeMs, now } = this.#parts;
    const at = now();
    const { set, element } = this.#placeOf(source);
    const last = this.#renewed.get(element);
    // Early enough that it never lapses, and seldom enough for a scan at full speed.
    if (last !== undefined && at - last < holdTimeMs / 2) return;
    if (!this.#budget.allows(element, at) || !this.#hasTurn(at)) return;
    this.#budget.spend(element, at);
    this.#renewed.delete(element);
    this.#renewed.set(element, at);
    if (this.#renewed.size > MAX_REMEMBERED) {
      const [oldest] = this.#renewed.keys();
      this.#renewed.delete(oldest as string);
    }
    void table.hold(set, element, holdTimeMs);
  }

  /** The source is spared after all: it is free at once. */
  release(source: Address): void {
    const at = this.#parts.now();
    const { set, element } = this.#placeOf(source);
    // A source that the table spares is not held, and sends as many probes as it likes.
    if (!this.#hasTurn(at)) return;
    this.#renewed.delete(element);
    void this.#parts.table.release(set, element);
  }

  /** Nobody of the network is held any longer, because its block has ended. */
  end(network: Prefix): void {
    const { table, now } = this.#parts;
    const held = network.length === ADDRESS_BITS ? [network.address] : this.#heldWithin(network, now());
    for (const { set, element } of held.map((address) => this.#placeOf(address))) {
      this.#renewed.delete(element);
      void table.release(set, element);
    }
  }

  #heldWithin(network: Prefix, now: number): Address[] {
    return this.#budget.heldAt(now).flatMap((text) => {
      const address = parseAddress(text);
      return address !== null && overlaps({ address, length: ADDRESS_BITS }, network) ? [address] : [];
    });
  }

  #placeOf(source: Address): Place {
    if (source.isV4) return { set: 'held4', element: source.toString() };
    const network = linkNetworkOf(source);
    const isOfLink = isLinkLocal(source) || this.#links.has(network);
    if (this.#parts.ipv6Prefix > 64 || isOfLink) return { set: 'held6', element: source.toString() };
    return { set: 'held6_64', element: network };
  }

  /** Counts as the table's own limits do: in a flood most sources find no room. */
  #mayBeHeld(now: number): boolean {
    const gained = ((now - this.#lastHeldMs) / 1_000) * HOLDS_PER_SECOND;
    this.#holdsLeft = Math.min(HOLDS_BURST, this.#holdsLeft + gained);
    this.#lastHeldMs = now;
    if (this.#holdsLeft < 1) return false;
    this.#holdsLeft--;
    return true;
  }

  #hasTurn(now: number): boolean {
    if (now - this.#secondBegan >= 1_000) {
      this.#secondBegan = now;
      this.#renewals = 0;
    }
    return this.#renewals++ < MAX_RENEWALS_PER_SECOND;
  }
}

/** The address of the /64 network that an IPv6 address is in. */
export function linkNetworkOf({ w0, w1 }: Address): string {
  return new Address(w0, w1, 0, 0).toString();
}

/** fe80::/10 (RFC 4291, section 2.4). */
export function isLinkLocal({ w0 }: Address): boolean {
  return w0 >>> 22 === 0x3fa;
}
