/** A source that rests on packets that anybody can send is held for this long at most ... */
const SPOOFABLE_HOLD_MS = 60_000;

/** ... within this time. */
const WINDOW_MS = 600_000;

/** Sources that are remembered; the one whose window began first leaves. A forger of addresses takes no more memory. */
const MAX_SOURCES = 65_536;

interface Spent {
  windowBegan: number;
  heldMs: number;
  /** Until when it is held by all that is known here. */
  heldUntil: number;
}

/**
 * How long a source may still be held for packets that anybody can forge: a minute in ten. So a forger costs the owner
 * of an address that much and no more, whatever is sent in its name. Times in ms of a monotonic clock.
 */
export class HoldBudget {
  readonly #holdTimeMs: number;
  readonly #spent = new Map<string, Spent>();

  constructor(holdTimeMs: number) {
    this.#holdTimeMs = holdTimeMs;
  }

  /** Takes a hold, or the renewal of one, by the kernel or here. */
  spend(source: string, now: number, ms = this.#holdTimeMs): void {
    const spent = this.#at(source, now);
    const until = Math.max(now + ms, spent.heldUntil);
    spent.heldMs += until - Math.max(now, spent.heldUntil);
    spent.heldUntil = until;
  }

  /** Whether one hold more stays within the budget. */
  allows(source: string, now: number): boolean {
    const spent = this.#spent.get(source);
    if (spent === undefined || now - spent.windowBegan >= WINDOW_MS) return true;
    const more = now + this.#holdTimeMs - Math.max(now, spent.heldUntil);
    return spent.heldMs + more <= SPOOFABLE_HOLD_MS;
  }

  /** How long the source must not be held, ms; until its window is over. */
  restOf(source: string, now: number): number {
    const spent = this.#spent.get(source);
    return spent === undefined ? 0 : Math.max(0, spent.windowBegan + WINDOW_MS - now);
  }

  /** The sources that are held by all that is known here. */
  heldAt(now: number): string[] {
    return [...this.#spent].flatMap(([source, { heldUntil }]) => (heldUntil > now ? [source] : []));
  }

  #at(source: string, now: number): Spent {
    const known = this.#spent.get(source);
    if (known !== undefined && now - known.windowBegan < WINDOW_MS) return known;
    this.#spent.delete(source);
    const spent = { windowBegan: now, heldMs: 0, heldUntil: now };
    this.#spent.set(source, spent);
    if (this.#spent.size > MAX_SOURCES) {
      const [first] = this.#spent.keys();
      this.#spent.delete(first as string);
    }
    return spent;
  }
}
