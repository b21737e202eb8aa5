import { PortSet } from '../config/ports.ts';
import type { Address } from '../net/address.ts';
import { isUnspecified } from './port-times.ts';
import type { BoundSocket } from './proc-net.ts';

/** A port held for this long belongs to a service and leaves the kernel filter. */
const STEADY_AFTER_MS = 10_000;

/** A port that no socket has held for this long comes back: as long as late answers are tolerated. */
const GONE_AFTER_MS = 60_000;

/**
 * The ports of one protocol and family that services hold at every address of this host. Their packets need not reach
 * user space at all.
 */
export class SteadyPorts {
  /** Since when each port has been held without a break, and when it was last seen; in ms since the epoch. */
  readonly #held = new Map<number, { since: number; last: number }>();
  #ports = new PortSet();
  #text = '';

  get ports(): PortSet {
    return this.#ports;
  }

  /**
   * Takes the bound sockets; true when the set changed. With `atOnce` a bound port is steady right away: at the
   * start, when services have been running for long, and under load, when the saving matters.
   */
  update(
    sockets: readonly BoundSocket[],
    addresses: readonly Address[],
    now: number,
    atOnce = false,
  ): boolean {
    for (const port of heldEverywhere(sockets, addresses)) {
      const since = atOnce ? now - STEADY_AFTER_MS : now;
      const held = this.#held.get(port);
      this.#held.set(port, { since: Math.min(held?.since ?? since, since), last: now });
    }
    const steady: number[] = [];
    for (const [port, { since, last }] of this.#held) {
      const isSteady = last - since >= STEADY_AFTER_MS;
      if (now - last >= GONE_AFTER_MS || (!isSteady && last !== now)) this.#held.delete(port);
      else if (isSteady) steady.push(port);
    }
    const text = steady.sort((a, b) => a - b).join(',');
    if (text === this.#text) return false;
    this.#text = text;
    this.#ports = PortSet.of(steady.map((port) => ({ first: port, last: port })));
    return true;
  }
}

/** The ports bound at the unspecified address, or at every address of the family. */
function heldEverywhere(sockets: readonly BoundSocket[], addresses: readonly Address[]): Set<number> {
  const everywhere = new Set<number>();
  const at = new Map<number, Set<string>>();
  const isV4 = addresses[0]?.isV4 ?? true;
  for (const { address, port } of sockets) {
    if (isUnspecified(address)) {
      if (!address.isV4 || isV4) everywhere.add(port);
    } else {
      const found = at.get(port);
      if (found === undefined) at.set(port, new Set([address.toString()]));
      else found.add(address.toString());
    }
  }
  for (const [port, found] of at) {
    if (addresses.length > 0 && addresses.every((address) => found.has(address.toString()))) {
      everywhere.add(port);
    }
  }
  return everywhere;
}
