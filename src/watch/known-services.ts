import type { PortRange } from '../config/ports.ts';
import type { Address } from '../net/address.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import { isUnspecified } from './port-times.ts';

/** A port that a listener held for this long without a break belongs to a service. */
const SERVICE_AFTER_MS = 60_000;

/** A service that was seen within this time counts as away, not as gone. */
const MEMORY_MS = 7 * 86_400_000;

/** A port that was let go within this time counts like a service's: what restarts has not always run for long. */
const RECENT_MS = 60_000;

/** A socket that was gone for longer between two looks, which are a second apart, has held its port with a break. */
const BREAK_MS = 5_000;

/** Services remembered: a local user who opens many ports makes no more known. The one seen longest ago leaves. */
export const MAX_KNOWN_SERVICES = 256;

/** Ports below this one need root (or a capability) to be bound. */
const PRIVILEGED_PORTS = 1_024;

/** User ids below this one are accounts of the system (login.defs(5), SYS_UID_MAX). */
const FIRST_USER_ID = 1_000;

/** A socket that takes packets from anybody, and the account that opened it. */
export interface Listener {
  readonly address: Address;
  readonly port: number;
  readonly uid: number;
}

/** One service that is known: `lastSeen` in ms since the epoch. */
export interface KnownService {
  readonly protocol: typeof PROTOCOL_TCP | typeof PROTOCOL_UDP;
  /** Canonical text; null for every address. */
  readonly address: string | null;
  readonly port: number;
  readonly lastSeen: number;
}

interface Entry {
  readonly protocol: KnownService['protocol'];
  readonly address: string | null;
  readonly port: number;
  /** Since when it has been held without a break, ms. */
  since: number;
  lastSeen: number;
  isService: boolean;
}

/**
 * The ports of services that listen, or listened within the last seven days: what comes to one while its service is away
 * is from a client, not from a scanner. A local user or a media session must not make ports known, so a port counts
 * only below 1024 or when an account of the system holds it, and never within the range of ephemeral ports. Any other port
 * counts for a minute after it was let go, because what restarts has not always run for long.
 */
export class KnownServices {
  readonly #entries = new Map<string, Entry>();
  #ephemeral: PortRange;
  #isFirstLook = true;
  #hasAddresses = false;

  constructor(ephemeral: PortRange) {
    this.#ephemeral = ephemeral;
  }

  /** Takes over what a former run knew. */
  restore(services: Iterable<KnownService>, now: number): void {
    for (const { protocol, address, port, lastSeen } of services) {
      if (!(now - lastSeen < MEMORY_MS) || !this.#mayBeService(port)) continue;
      // A clock that was ahead must not keep a service known for longer.
      const seen = Math.min(lastSeen, now);
      const entry = { protocol, address, port, since: seen, lastSeen: seen, isService: true };
      this.#entries.set(keyOf(protocol, address, port), entry);
    }
    this.#bound();
  }

  /**
   * Takes the sockets that listen at `now` (ms since the epoch). What listens at the first look counts as a service at
   * once, because it was there before this program.
   */
  update(listeners: Readonly<Record<'tcp' | 'udp', Iterable<Listener>>>, now: number): void {
    for (const listener of listeners.tcp) this.#note(PROTOCOL_TCP, listener, now);
    for (const listener of listeners.udp) this.#note(PROTOCOL_UDP, listener, now);
    this.#isFirstLook = false;
    for (const [key, { isService, lastSeen }] of this.#entries) {
      if (now - lastSeen >= (isService ? MEMORY_MS : RECENT_MS)) this.#entries.delete(key);
    }
    this.#bound();
  }

  /** Whether the port belongs to a service that listens or is away, at this address. */
  has(protocol: number, address: Address, port: number): boolean {
    if (this.#entries.has(keyOf(protocol, null, port))) return true;
    return this.#hasAddresses && this.#entries.has(keyOf(protocol, address.toString(), port));
  }

  /** Forgets all. */
  clear(): void {
    this.#entries.clear();
  }

  /** Services, and ports that were let go just now, in the order of protocol and port. */
  get services(): KnownService[] {
    return [...this.#entries.values()]
      .map(({ protocol, address, port, lastSeen }) => ({ protocol, address, port, lastSeen }))
      .sort((a, b) => a.protocol - b.protocol || a.port - b.port);
  }

  /** Those of them that are remembered for days. */
  get lasting(): KnownService[] {
    return this.services.filter(({ protocol, address, port }) => {
      return this.#entries.get(keyOf(protocol, address, port))?.isService === true;
    });
  }

  #note(protocol: KnownService['protocol'], { address, port, uid }: Listener, now: number): void {
    // Nobody outside reaches a service of loopback, so its port is as idle as any.
    if (isLoopback(address)) return;
    const isPermitted = this.#mayBeService(port) && (port < PRIVILEGED_PORTS || uid < FIRST_USER_ID);
    const at = isUnspecified(address) ? null : address.toString();
    const key = keyOf(protocol, at, port);
    const entry = this.#entries.get(key) ?? {
      ...{ protocol, address: at, port, since: now, lastSeen: now },
      isService: this.#isFirstLook && isPermitted,
    };
    // One that was away begins anew.
    if (now - entry.lastSeen >= BREAK_MS) entry.since = now;
    entry.lastSeen = now;
    entry.isService ||= isPermitted && now - entry.since >= SERVICE_AFTER_MS;
    this.#entries.set(key, entry);
    this.#hasAddresses ||= at !== null;
  }

  #mayBeService(port: number): boolean {
    return port < this.#ephemeral.first || port > this.#ephemeral.last;
  }

  /** Those that are no services yet leave first, then the ones seen longest ago, then the newest. */
  #bound(): void {
    const excess = this.#entries.size - MAX_KNOWN_SERVICES;
    if (excess <= 0) return;
    const order = [...this.#entries].sort(
      ([, a], [, b]) =>
        Number(a.isService) - Number(b.isService) || a.lastSeen - b.lastSeen || b.since - a.since,
    );
    for (const [key] of order.slice(0, excess)) this.#entries.delete(key);
  }
}

function keyOf(protocol: number, address: string | null, port: number): string {
  return `${protocol} ${address ?? '*'} ${port}`;
}

function isLoopback(address: Address): boolean {
  if (address.isV4) return address.w3 >>> 24 === 127;
  return address.w0 === 0 && address.w1 === 0 && address.w2 === 0 && address.w3 === 1;
}
