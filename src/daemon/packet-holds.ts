import type { Failure } from '../commands/failure.ts';
import type { SensorPlan } from '../sensor/kernel/plan.ts';
import { SensorTable } from '../sensor/kernel/sensor-table.ts';

/** How often the table is renewed; it holds nobody 30 s after the last time. */
const RENEWAL_MS = 5_000;

/** What the table is made from. */
export interface PacketHoldsParts {
  plan(): SensorPlan;
  /** Logs one line for the administrator. */
  tell(text: string): void;
}

/**
 * The table by which sources are held while the packet sensor watches: that of the kernel sensor, without the rules that
 * judge packets. It holds whom user space names, and nobody when that hangs.
 */
export class PacketHolds {
  readonly table: SensorTable;
  readonly #parts: PacketHoldsParts;
  #isOpen = false;
  #lastRenewalMs = Number.NEGATIVE_INFINITY;

  constructor(parts: PacketHoldsParts) {
    this.#parts = parts;
    this.table = new SensorTable({
      tell: () => {},
      lost: (reason) => {
        this.#isOpen = false;
        parts.tell(`Decoys and IPv6 networks are held no longer: ${reason}.`);
      },
    });
  }

  /** Whether sources can be held. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Loads the table. Resolves to why this host cannot hold sources. */
  async open(): Promise<Failure> {
    const failure = await this.table.load({ ...this.#parts.plan(), group: null });
    this.#isOpen = failure === null;
    return failure;
  }

  /** Goes over to another plan. */
  async configure(): Promise<void> {
    if (this.#isOpen) await this.open();
  }

  /** Must be called every second; `now` on the monotonic clock, ms. */
  async tick(now: number): Promise<void> {
    if (!this.#isOpen || (this.table.isOwned && now - this.#lastRenewalMs < RENEWAL_MS)) return;
    this.#lastRenewalMs = now;
    await this.table.renew();
  }

  /** Takes the table away. */
  async close(): Promise<void> {
    this.#isOpen = false;
    await this.table.close();
  }
}
