import { existsSync } from 'node:fs';
import type { SshdSettings } from '../lifelines/ssh-ports.ts';
import { readSmall } from '../proc-net.ts';
import type { Accepted } from '../tcp-peers.ts';

/** sshd since 9.8 adds up to 4 s to LoginGraceTime, and a busy host ends a connection late. */
const MARGIN_MS = 30_000;

/** Connections whose beginning is remembered; sshd keeps 100 that have not logged in. */
const MAX_REMEMBERED = 4_096;

/** An option of sshd's command line that may change its LoginGraceTime or its configuration: -g, -f or -o. */
const CHANGES_GRACE = /^[^#\n]*[\s"'=]-[a-z0-9]*[gfo]/im;

/** The files that tell whether sshd runs as its configuration says. */
export interface SshdFiles {
  /** Files that scripts and units take sshd's command line from. */
  readonly options: readonly string[];
  readonly pid: readonly string[];
}

/** Those of this host. */
export const SSHD_FILES: SshdFiles = {
  options: ['/etc/default/ssh', '/etc/sysconfig/sshd', '/etc/conf.d/sshd'],
  pid: ['/run/sshd.pid', '/var/run/sshd.pid'],
};

/** What `OldConnections` works with. */
interface OldConnectionsParts {
  /** Whether an sshd runs whose command line leaves LoginGraceTime to its configuration. */
  readonly isRunning: () => boolean;
}

/**
 * Finds sessions where the processes of sshd cannot be seen: sshd ends a connection that has not logged in after
 * LoginGraceTime, so an older one has. That counts only where root listens on a port of sshd_config while sshd runs, and
 * where nothing sets LoginGraceTime to 0.
 */
export class OldConnections {
  readonly #parts: OldConnectionsParts;
  /** When each connection was seen first, on the monotonic clock, ms. */
  readonly #firstSeenMs = new Map<string, number>();

  constructor(parts: OldConnectionsParts) {
    this.#parts = parts;
  }

  /** The connections that are older than a login may take. `now` on the monotonic clock, ms. */
  look(accepted: readonly Accepted[], { ports, graceMs }: SshdSettings, now: number): Accepted[] {
    const candidates = accepted.filter(
      ({ localPort, listener, inode }) => inode !== 0 && listener.uid === 0 && ports.has(localPort),
    );
    const seen = new Set(candidates.map(keyOf));
    for (const key of this.#firstSeenMs.keys()) if (!seen.has(key)) this.#firstSeenMs.delete(key);
    for (const key of seen)
      if (!this.#firstSeenMs.has(key) && this.#firstSeenMs.size < MAX_REMEMBERED)
        this.#firstSeenMs.set(key, now);
    if (graceMs === null) return [];
    const old = candidates.filter((connection) => {
      return now - (this.#firstSeenMs.get(keyOf(connection)) ?? now) > graceMs + MARGIN_MS;
    });
    return old.length > 0 && this.#parts.isRunning() ? old : [];
  }
}

/** Whether sshd runs, and no file with options for its command line changes LoginGraceTime or the configuration. */
export function runsAsConfigured(isAlive: (pid: number) => boolean, files = SSHD_FILES): boolean {
  if (files.options.some((file) => CHANGES_GRACE.test(readSmall(file)))) return false;
  return files.pid.some((file) => existsSync(file) && isAlive(Number(readSmall(file).trim())));
}

function keyOf({ peer, inode }: Accepted): string {
  return `${inode} ${peer}`;
}
