import { readdirSync, readFileSync } from 'node:fs';

/**
 * Descriptors for the rest of the daemon: the sensor and its replacement, `logger`, commands, control connections, files.
 * A long list of ports must not take the last one.
 */
const RESERVED = 24;

/** The share of the free descriptors for accepted connections; the ports get the rest. */
const CONNECTIONS_SHARE = 1 / 4;

/** Listening sockets. To watch every port, use -stcp and -sudp. */
const MAX_LISTENERS = 4_096;

/** Connections that are answered at a time. In a flood, the others are closed at once. */
const MAX_CONNECTIONS = 256;

/** Divides the free descriptors between connections and listening sockets, and counts the listening sockets. */
export class Descriptors {
  /** The limit of connections at a time. */
  readonly connections: number;
  /** The limit of listening sockets at a time. */
  readonly listeners: number;
  #free: number;

  /** `available` is the number of descriptors that this process may still open. */
  constructor(available = availableDescriptors()) {
    const budget = Math.max(0, available - RESERVED);
    this.connections = Math.max(1, Math.min(MAX_CONNECTIONS, Math.floor(budget * CONNECTIONS_SHARE)));
    this.listeners = Math.min(MAX_LISTENERS, Math.max(1, budget - this.connections));
    this.#free = this.listeners;
  }

  /** Takes a descriptor for a listening socket. Returns false when only `spare` are left. */
  take(spare = 0): boolean {
    if (this.#free <= spare) return false;
    this.#free--;
    return true;
  }

  giveBack(): void {
    this.#free++;
  }
}

/** The number of descriptors that this process may still open under RLIMIT_NOFILE. */
export function availableDescriptors(): number {
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  const open = readdirSync('/proc/self/fd').length;
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit) - open;
}
