import { setTimeout as delay } from 'node:timers/promises';
import { formatMetrics } from '../metrics/exposition.ts';
import { familiesOf, type Readings } from '../metrics/families.ts';

/** A text may be this old, so that a client that asks again and again takes no time from detection. */
const MAX_AGE_MS = 1_000;

/** How old what nft says may be, because each look starts programs; and how long a text waits for it. */
const MAX_HELD_AGE_MS = 10_000;
const HELD_WAIT_MS = 500;
const NO_REF = { ref: false };

/** Sources that the kernel holds, by family. */
export type Held = Readings['held'];

/** What the text is made from. */
export interface MetricsTextParts {
  /** Reads everything but what the kernel holds, which must be asked for. */
  readonly read: () => Omit<Readings, 'held'>;
  /** null when it cannot be read. */
  readonly held: () => Promise<Held | null>;
  /** The monotonic clock, ms. */
  readonly now: () => number;
}

/** The metrics as text, made anew once a second at most, however many ask for them. */
export class MetricsText {
  readonly #parts: MetricsTextParts;
  #text = '';
  #madeMs = Number.NEGATIVE_INFINITY;
  #held: Held = { ipv4: 0, ipv6: 0 };
  #heldMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | null = null;

  constructor(parts: MetricsTextParts) {
    this.#parts = parts;
  }

  /** The metrics of a second ago at most. */
  async read(): Promise<string> {
    const { now, read } = this.#parts;
    if (now() - this.#madeMs < MAX_AGE_MS) return this.#text;
    if (now() - this.#heldMs >= MAX_HELD_AGE_MS)
      await Promise.race([this.#look(), delay(HELD_WAIT_MS, undefined, NO_REF)]);
    // Others may have waited for the same look.
    if (now() - this.#madeMs < MAX_AGE_MS) return this.#text;
    this.#text = formatMetrics(familiesOf({ ...read(), held: this.#held }));
    this.#madeMs = now();
    return this.#text;
  }

  #look(): Promise<void> {
    this.#looking ??= this.#parts
      .held()
      .catch(() => null)
      .then((held) => {
        if (held !== null) this.#held = held;
        this.#heldMs = this.#parts.now();
        this.#looking = null;
      });
    return this.#looking;
  }
}
