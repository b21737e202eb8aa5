import { type Address, parseAddress } from '../net/address.ts';
import { overlaps, type Prefix } from '../net/prefix.ts';
import { NetworkGrowth } from '../respond/network-growth.ts';
import { HoldBudget } from '../sensor/kernel/hold-budget.ts';
import type { SensorTable } from '../sensor/kernel/sensor-table.ts';
import {
  EXEMPT_SETS,
  isLinkLocal,
  linkNetworkOf,
  networksAround,
  type Place,
  placeNamed,
  placeOfAddress,
  placeOfNetwork,
} from './hold-places.ts';

/** Holds that are renewed a second: each is a command to nft. */
const MAX_RENEWALS_PER_SECOND = 20;

/** What the rules of the table can hold together: three of them, each 5 a second after a burst of 300. */
const HOLDS_PER_SECOND = 15;
const HOLDS_BURST = 900;

/** Renewed holds that are remembered; older ones have ended in the kernel. */
const MAX_REMEMBERED = 4_096;

const ADDRESS_BITS = 128;

/** How often the log says that a network larger than a /64 is held. */
const SAY_INTERVAL_MS = 60_000;

/** How long a member of a group of decoys is held after its last probe. */
const DECOY_HOLD_MS = 60_000;

/** Where BLOCK_IPV6_PREFIX is longer, the addresses of a /64 are told apart, and no network is held. */
const LONGEST_NETWORK = 64;

/** What renews holds. */
export interface HoldsParts {
  readonly table: Pick<SensorTable, 'hold' | 'release' | 'exempt'>;
  readonly holdTimeMs: number;
  /** BLOCK_IPV6_PREFIX. */
  readonly ipv6Prefix: number;
  /** The monotonic clock, ms. */
  readonly now: () => number;
  /** Logs one line for the administrator. */
  readonly tell: (text: string) => void;
}

/** What is known of a probe of a held source. */
export interface Judged {
  /** It is the same attempt again. */
  readonly isRepeat: boolean;
  /** Others send the same at the same time. */
  readonly isDecoy: boolean;
}

/**
 * Renews the holds of sources that go on, and ends those that must end. With the kernel sensor the kernel begins most
 * holds by itself. All of it rests on packets that anybody can forge, so a source or a network is held for a minute in
 * ten at most. Decoys alone are held as long as they go on: where a source may be held, one packet of a forger that is
 * alone gets it blocked, and the scanner among the decoys must not gain by them.
 */
export class Holds {
  #parts: HoldsParts;
  #budget: HoldBudget;
  #growth = new NetworkGrowth();
  /** The /64 networks of this host's links, as text: their addresses are held one by one. */
  #links: ReadonlySet<string> = new Set();
  /** Until when the holds that were renewed last, by element. */
  readonly #renewed = new Map<string, number>();
  #holdsLeft = HOLDS_BURST;
  #lastHeldMs = 0;
  #secondBegan = 0;
  #renewals = 0;
  #lastSaidMs = Number.NEGATIVE_INFINITY;

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
  held(source: Address, { isDecoy }: Judged): void {
    const { table, now } = this.#parts;
    const at = now();
    this.#holdNetworkOf(source, at);
    if (!this.#mayBeHeld(at)) return;
    const { set, element, key } = this.#placeOf(source);
    this.#budget.spend(key, at);
    if (this.#budget.allows(key, at)) return;
    if (isDecoy) this.#holdDecoy(source, at);
    const exempt = EXEMPT_SETS[set];
    if (exempt !== null) void table.exempt(exempt, element, this.#budget.restOf(key, at));
  }

  /** A held source has probed again; the same attempt renews nothing. */
  probedAgain(source: Address, { isRepeat, isDecoy }: Judged): void {
    if (isRepeat) return;
    const at = this.#parts.now();
    if (isDecoy) this.#holdDecoy(source, at);
    else if (!this.#holdNetworkOf(source, at)) this.#renewWithin(this.#placeOf(source), at);
  }

  /** A probe came where the kernel holds nobody by itself: a decoy, or a network that goes on, is held from here. */
  probed(source: Address, { isRepeat, isDecoy }: Judged): void {
    if (isRepeat) return;
    const at = this.#parts.now();
    if (isDecoy) this.#holdDecoy(source, at);
    this.#holdNetworkOf(source, at);
  }

  /** Whether an IPv6 address is one of this host's own links. */
  isOfLink(address: Address): boolean {
    return !address.isV4 && (isLinkLocal(address) || this.#links.has(linkNetworkOf(address)));
  }

  /** Whether the network of an IPv6 address is held, because others of its addresses probe, too. */
  isNetworkHeld(address: Address): boolean {
    if (this.#renewed.size === 0) return false;
    const at = this.#parts.now();
    return networksAround(address).some((place) => this.#isHeld(place, at));
  }

  /** The source is spared after all: it is free at once. */
  release(source: Address): void {
    const at = this.#parts.now();
    const { set, element, key } = this.#placeOf(source);
    // A source that the table spares is not held, and sends as many probes as it likes.
    if (!this.#hasTurn(at)) return;
    this.#renewed.delete(key);
    void this.#parts.table.release(set, element);
  }

  /** Nobody of the network is held any longer, because its block has ended. */
  end(network: Prefix): void {
    const { table, now } = this.#parts;
    const isSingle = network.length === ADDRESS_BITS;
    const held = isSingle ? this.#placesAround(network.address) : this.#heldWithin(network, now());
    for (const { set, element, key } of held) {
      this.#renewed.delete(key);
      void table.release(set, element);
    }
  }

  #placesAround(address: Address): Place[] {
    const own = this.#placeOf(address);
    const others = [placeOfAddress(address), ...networksAround(address)];
    return [own, ...others.filter(({ key }) => key !== own.key && this.#renewed.has(key))];
  }

  #heldWithin(network: Prefix, now: number): Place[] {
    return this.#budget.heldAt(now).flatMap((key) => {
      const held = placeNamed(key);
      return held !== null && overlaps(held.prefix, network) ? [held.place] : [];
    });
  }

  /** Of an IPv6 decoy the address alone: its neighbours are held for a minute in ten at most. */
  #holdDecoy(source: Address, at: number): void {
    this.#renew(placeOfAddress(source), DECOY_HOLD_MS, at);
  }

  /**
   * Holds the largest network around an address from which several probe, or a smaller one when that was held for its
   * minute. True when one is held.
   */
  #holdNetworkOf(source: Address, at: number): boolean {
    if (source.isV4 || this.#parts.ipv6Prefix > LONGEST_NETWORK || this.isOfLink(source)) return false;
    return this.#growth.note(source, at).some((length) => {
      const place = placeOfNetwork(source, length);
      if (this.#holdsOwnLink(place)) return false;
      if (this.#renewWithin(place, at) && place.set !== 'held6_64') this.#say(place, at);
      return this.#isHeld(place, at);
    });
  }

  /** Holds for HOLD_TIME more, if that stays within the budget. True when it is done. */
  #renewWithin(place: Place, at: number): boolean {
    return (
      this.#isDue(place, this.#parts.holdTimeMs, at) &&
      this.#budget.allows(place.key, at) &&
      this.#renew(place, this.#parts.holdTimeMs, at)
    );
  }

  #renew(place: Place, ms: number, at: number): boolean {
    const { set, element, key } = place;
    if (!this.#isDue(place, ms, at) || !this.#hasTurn(at)) return false;
    this.#budget.spend(key, at, ms);
    this.#renewed.delete(key);
    this.#renewed.set(key, at + ms);
    if (this.#renewed.size > MAX_REMEMBERED) {
      const [oldest] = this.#renewed.keys();
      this.#renewed.delete(oldest as string);
    }
    void this.#parts.table.hold(set, element, ms);
    return true;
  }

  /** Early enough that a hold never lapses, and seldom enough for a scan at full speed. */
  #isDue({ key }: Place, ms: number, at: number): boolean {
    const until = this.#renewed.get(key);
    return until === undefined || until - at <= ms / 2;
  }

  #isHeld({ key }: Place, at: number): boolean {
    return (this.#renewed.get(key) ?? 0) > at;
  }

  #say({ key }: Place, at: number): void {
    if (at - this.#lastSaidMs < SAY_INTERVAL_MS) return;
    this.#lastSaidMs = at;
    this.#parts.tell(
      `Probes come from several networks of ${key}: all of it is held while they go on, a minute in ten at most.`,
    );
  }

  #holdsOwnLink({ key }: Place): boolean {
    const held = placeNamed(key);
    return [...this.#links].some((link) => {
      const address = parseAddress(link);
      return address !== null && held !== null && overlaps({ address, length: LONGEST_NETWORK }, held.prefix);
    });
  }

  /** Where the kernel holds a source by itself. */
  #placeOf(source: Address): Place {
    const isSingle = source.isV4 || this.#parts.ipv6Prefix > LONGEST_NETWORK || this.isOfLink(source);
    return isSingle ? placeOfAddress(source) : placeOfNetwork(source, LONGEST_NETWORK);
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
