import { readdirSync, readFileSync } from 'node:fs';

/**
 * Descriptors that are left to the rest of the daemon: the capture process and its renewal, `logger`, commands,
 * control connections, files. A list of ports must not take the last one.
 */
const RESERVE = 24;

/** Of what is free, connections that are being answered get this part, the ports the rest. */
const GUESTS_PART = 1 / 4;

/** Sockets that are listened on: for a list of all ports there are -stcp and -sudp. */
const MAX_LISTENERS = 4_096;

/** Connections that are answered at a time; of a flood the others are closed at once. */
const MAX_GUESTS = 256;

/** How many descriptors listening may take. */
export class Descriptors {
  /** Connections at a time. */
  readonly guests: number;
  /** Listening sockets at a time. */
  readonly most: number;
  #free: number;

  /** `available`: how many this process may still open. */
  constructor(available = availableDescriptors()) {
    const budget = Math.max(0, available - RESERVE);
    this.guests = Math.max(1, Math.min(MAX_GUESTS, Math.floor(budget * GUESTS_PART)));
    this.most = Math.min(MAX_LISTENERS, Math.max(1, budget - this.guests));
    this.#free = this.most;
  }

  /** Takes one for a listening socket; false when only `spare` are left. */
  take(spare = 0): boolean {
    if (this.#free <= spare) return false;
    this.#free--;
    return true;
  }

  giveBack(): void {
    this.#free++;
  }
}

/** What the limit of this process (RLIMIT_NOFILE) leaves. */
export function availableDescriptors(): number {
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  const open = readdirSync('/proc/self/fd').length;
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit) - open;
}
