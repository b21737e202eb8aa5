import type { PortRange } from '../config/ports.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';

/** A port that a listener held for this long without a break belongs to a service. */
const SERVICE_AFTER_MS = 60_000;

/** A service that was seen within this time counts as away, not as gone. */
const MEMORY_MS = 7 * 86_400_000;

/** Services remembered: a local user who opens many ports makes no more known. The one seen longest ago leaves. */
export const MAX_KNOWN_SERVICES = 256;

/** Ports below this one need root (or a capability) to be bound. */
const PRIVILEGED_PORTS = 1_024;

/** User ids below this one are accounts of the system (login.defs(5), SYS_UID_MAX). */
const FIRST_USER_ID = 1_000;

/** A port that a socket listens on, and the account that opened it. */
export interface Listener {
  readonly port: number;
  readonly uid: number;
}

/** One service that is known: `lastSeen` in ms since the epoch. */
export interface KnownService {
  readonly protocol: typeof PROTOCOL_TCP | typeof PROTOCOL_UDP;
  readonly port: number;
  readonly lastSeen: number;
}

interface Entry {
  readonly protocol: KnownService['protocol'];
  readonly port: number;
  /** Since when it has been held without a break, ms. */
  since: number;
  lastSeen: number;
  isService: boolean;
}

/**
 * The ports of services that listen, or listened within the last seven days: what comes to one while its service is away
 * is from a client, not from a scanner. A local user or a media session must not make ports known, so a port counts
 * only below 1024 or when an account of the system holds it, and never within the range of ephemeral ports.
 */
export class KnownServices {
  readonly #entries = new Map<number, Entry>();
  #ephemeral: PortRange;
  #isFirstLook = true;

  constructor(ephemeral: PortRange) {
    this.#ephemeral = ephemeral;
  }

  /** Takes over what a former run knew. */
  restore(services: Iterable<KnownService>, now: number): void {
    for (const { protocol, port, lastSeen } of services) {
      if (!(now - lastSeen < MEMORY_MS) || !this.#mayBeService(port)) continue;
      // A clock that was ahead must not keep a service known for longer.
      const seen = Math.min(lastSeen, now);
      this.#entries.set(keyOf(protocol, port), {
        protocol,
        port,
        since: seen,
        lastSeen: seen,
        isService: true,
      });
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
      if (lastSeen === now) continue;
      if (!isService || now - lastSeen >= MEMORY_MS) this.#entries.delete(key);
    }
    this.#bound();
  }

  /** Whether the port belongs to a service that listens or is away. */
  has(protocol: number, port: number): boolean {
    return this.#entries.get(keyOf(protocol, port))?.isService === true;
  }

  /** Forgets all. */
  clear(): void {
    this.#entries.clear();
  }

  /** What is known, in the order of protocol and port. */
  get services(): KnownService[] {
    return [...this.#entries.values()]
      .filter(({ isService }) => isService)
      .map(({ protocol, port, lastSeen }) => ({ protocol, port, lastSeen }))
      .sort((a, b) => a.protocol - b.protocol || a.port - b.port);
  }

  #note(protocol: KnownService['protocol'], { port, uid }: Listener, now: number): void {
    if (!this.#mayBeService(port) || (port >= PRIVILEGED_PORTS && uid >= FIRST_USER_ID)) return;
    const key = keyOf(protocol, port);
    const entry = this.#entries.get(key) ?? {
      protocol,
      port,
      since: now,
      lastSeen: now,
      isService: this.#isFirstLook,
    };
    entry.lastSeen = now;
    entry.isService ||= now - entry.since >= SERVICE_AFTER_MS;
    this.#entries.set(key, entry);
  }

  #mayBeService(port: number): boolean {
    return port < this.#ephemeral.first || port > this.#ephemeral.last;
  }

  /** Those that are no services yet leave first, then the ones seen longest ago, then the newest. */
  #bound(): void {
    const excess = this.#entries.size - MAX_KNOWN_SERVICES;
    if (excess <= 0) return;
    const order = [...this.#entries].sort(
      ([, a], [, b]) => Number(a.isService) - Number(b.isService) || a.lastSeen - b.lastSeen || b.since - a.since,
    );
    for (const [key] of order.slice(0, excess)) this.#entries.delete(key);
  }
}

function keyOf(protocol: number, port: number): number {
  return (protocol << 16) | port;
}
