import type { Address } from '../net/address.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import { readEphemeralPorts } from '../watch/ephemeral-ports.ts';
import { type KnownService, KnownServices, type Listener } from '../watch/known-services.ts';
import type { BoundSocket } from '../watch/proc-net.ts';
import type { SocketTable } from '../watch/sockets.ts';
import type { SteadyClock } from './clock.ts';
import { readKnownServices, writeKnownServices } from './known-services-file.ts';

/** How often what is known is written, when it has changed. */
const SAVE_INTERVAL_MS = 60_000;

/** What the memory works with. */
export interface ServiceMemoryParts {
  readonly sockets: Pick<SocketTable, 'bound'>;
  readonly clock: Pick<SteadyClock, 'toWall'>;
  /** KNOWN_SERVICES; asked anew each time, because a reload changes it. */
  readonly isWanted: () => boolean;
  /** STATE_DIR; null when nothing is written. */
  readonly stateDir: () => string | null;
  /** Logs one line for the administrator. */
  readonly tell: (text: string) => void;
}

/** Keeps the known services as sockets come and go, and over restarts. */
export class ServiceMemory {
  readonly #parts: ServiceMemoryParts;
  readonly #known = new KnownServices(readEphemeralPorts());
  #lastSavedMs = Number.NEGATIVE_INFINITY;
  #saved = '';

  constructor(parts: ServiceMemoryParts) {
    this.#parts = parts;
  }

  /** The services that listen or are away. */
  get services(): readonly KnownService[] {
    return this.#known.services;
  }

  /** Whether the port belongs to a service that listens or is away. */
  has(protocol: number, address: Address, port: number): boolean {
    return this.#known.has(protocol, address, port);
  }

  /**
   * Reads what a former run knew, and takes what listens now; `now` by the daemon's clock, which has just started, so it is
   * the wall clock's time.
   */
  start(now: number): void {
    const folder = this.#parts.stateDir();
    if (folder !== null && this.#parts.isWanted()) this.#known.restore(readKnownServices(folder), now);
    this.tick(now);
  }

  /** Must be called every second, after the sockets were looked at; `now` by the daemon's clock, ms. */
  tick(now: number): void {
    const { sockets, isWanted } = this.#parts;
    if (isWanted()) {
      const listeners = (protocol: number) => sockets.bound(protocol).filter(isListener);
      this.#known.update({ tcp: listeners(PROTOCOL_TCP), udp: listeners(PROTOCOL_UDP) }, now);
    } else this.#known.clear();
    if (now - this.#lastSavedMs >= SAVE_INTERVAL_MS) this.save(now);
  }

  /** Writes what is known. */
  save(now: number): void {
    this.#lastSavedMs = now;
    const { clock, stateDir } = this.#parts;
    const folder = stateDir();
    const { lasting } = this.#known;
    const text = JSON.stringify(lasting);
    if (folder === null || text === this.#saved) return;
    this.#saved = text;
    const failure = writeKnownServices(folder, lasting, clock.toWall);
    if (failure !== null) this.#parts.tell(`The known services cannot be written: ${failure}`);
  }
}

function isListener(socket: BoundSocket): socket is BoundSocket & Listener {
  return socket.uid !== undefined;
}
