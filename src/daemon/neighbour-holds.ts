import { runTool, type Tool } from '../commands/tool.ts';
import type { Address } from '../net/address.ts';
import { NEIGHBOUR_ADDRESSES, NEIGHBOUR_MEMORY_S } from '../sensor/kernel/plan.ts';

const IP: Tool = { command: 'ip', package: 'iproute2', needs: [] };

/** A look starts a program, so there are few of them. */
const LOOK_INTERVAL_MS = 100;

/** Addresses that are remembered; the one that was quiet longest leaves. The kernel's own table holds 1,024. */
const MAX_ADDRESSES = 1_024;

/** What looks for neighbours of many addresses. */
export interface NeighbourHoldsParts {
  /** Holds a hardware address. */
  readonly hold: (mac: string) => void;
  /** The monotonic clock, ms. */
  readonly now: () => number;
  /** The hardware addresses of the IPv6 neighbours that the kernel knows, by address. */
  readonly look?: () => Promise<ReadonlyMap<string, string>>;
}

/**
 * Finds neighbours on the own links that probe from many IPv6 addresses, where the packet sensor watches: by what the kernel has
 * found out of them to answer, which a forger on another link cannot make up.
 */
export class NeighbourHolds {
  readonly #parts: NeighbourHoldsParts;
  /** When each address probed last, ms; the latest is the last. */
  readonly #probed = new Map<string, number>();
  #nextLookMs = Number.NEGATIVE_INFINITY;

  constructor(parts: NeighbourHoldsParts) {
    this.#parts = parts;
  }

  /** An address of an own link has probed. Resolves when the look that it led to is over. */
  async probed(address: Address): Promise<void> {
    const at = this.#parts.now();
    const text = address.toString();
    this.#probed.delete(text);
    this.#probed.set(text, at);
    for (const [oldest, lastMs] of this.#probed) {
      if (this.#probed.size <= MAX_ADDRESSES && at - lastMs < NEIGHBOUR_MEMORY_S * 1_000) break;
      this.#probed.delete(oldest);
    }
    if (this.#probed.size <= NEIGHBOUR_ADDRESSES || at < this.#nextLookMs) return;
    this.#nextLookMs = at + LOOK_INTERVAL_MS;
    const { look = neighbours, hold } = this.#parts;
    for (const mac of this.#manyAt(await look())) hold(mac);
  }

  /** The hardware addresses that more addresses have probed from than may. */
  #manyAt(known: ReadonlyMap<string, string>): string[] {
    const counts = new Map<string, number>();
    for (const address of this.#probed.keys()) {
      const mac = known.get(address);
      if (mac !== undefined) counts.set(mac, (counts.get(mac) ?? 0) + 1);
    }
    return [...counts].flatMap(([mac, count]) => (count > NEIGHBOUR_ADDRESSES ? [mac] : []));
  }
}

/** What `ip neigh` lists. */
async function neighbours(): Promise<ReadonlyMap<string, string>> {
  const { failure, stdout } = await runTool(IP, ['-6', 'neigh', 'show']);
  return failure === null ? readNeighbours(stdout) : new Map();
}

/** The neighbours in `ip -6 neigh show`: `ADDRESS dev NAME lladdr MAC [router] STATE`; those without a MAC are left out. */
export function readNeighbours(text: string): ReadonlyMap<string, string> {
  const rows = text.matchAll(/^(\S+) dev \S+ lladdr ([0-9a-f]{2}(?::[0-9a-f]{2}){5})(?= )/gm);
  return new Map([...rows].map(([, address, mac]) => [address as string, mac as string]));
}
