import { createSocket } from 'node:dgram';
import type { Failure } from '../commands/failure.ts';
import { SensorTable } from '../sensor/kernel/sensor-table.ts';
import { type CounterName, type TablePlan, TRIAL_ADDRESS, TRIAL_PORT } from '../sensor/kernel/table.ts';
import { SensorSupervisor } from '../sensor/supervisor.ts';

/** Groups that are tried, from NFLOG_GROUP on: another program may read the first ones. */
const GROUPS_TRIED = 8;

/** How often an owned table is renewed, and one that somebody else may take away. */
const OWNED_RENEWAL_MS = 5_000;

/** How often the counters are read, to find out what was lost. */
const COUNTERS_INTERVAL_MS = 5_000;

/** How long the sensor waits for the report of its trial datagram; a busy machine takes some ms. */
const TRIAL_TIME_MS = 5_000;

/** What the kernel sensor works with, and where it reports to. */
export interface KernelSensorParts {
  /** What the table is made from now; its group is the first to try. */
  plan(): Omit<TablePlan, 'owned'>;
  /** Takes `length` octets of whole records; resolves when more may come. */
  records(view: DataView, length: number, sensor: number): Promise<void>;
  /** Logs one line for the administrator. */
  tell(text: string): void;
  /** The sensor cannot go on. */
  failed(reason: string): void;
}

/** The counters of the table, and how many reports were not read. */
export interface SensorCounts extends Readonly<Record<CounterName, number>> {
  readonly lost: number;
}

/** Runs the kernel's table and the process that reads its reports. */
export class KernelSensor {
  readonly table: SensorTable;
  readonly #parts: KernelSensorParts;
  readonly #supervisor: SensorSupervisor;
  #group = 0;
  #groupsLeft = GROUPS_TRIED;
  #onOpen: ((failure: Failure) => void) | null = null;
  #onTrial: ((failure: Failure) => void) | null = null;
  #isOpen = false;
  #lastRenewalMs = Number.NEGATIVE_INFINITY;
  #lastCountersMs = Number.NEGATIVE_INFINITY;
  #counts: SensorCounts | null = null;
  #lostSaid = 0;

  constructor(parts: KernelSensorParts) {
    this.#parts = parts;
    this.table = new SensorTable({ tell: parts.tell, lost: (reason) => parts.failed(reason) });
    this.#supervisor = new SensorSupervisor(
      {
        plan: () => ({ devices: [], group: this.#group }),
        records: parts.records,
        ready: () => this.#opened(null),
        lost: (reason) =>
          parts.tell(`The process that reads the kernel's reports ended: ${reason}; it starts again.`),
        failed: (reason, permission) => this.#groupFailed(reason, permission),
        notRenewed: (reason) => this.#groupFailed(reason, false),
      },
      () => performance.now(),
    );
  }

  /** Starts to read the reports and loads the table. Resolves to why this host cannot do it; nothing is left then. */
  async open(): Promise<Failure> {
    this.#group = this.#parts.plan().group;
    const unread = await new Promise<Failure>((resolve) => {
      this.#onOpen = resolve;
      this.#supervisor.renew();
    });
    const failure =
      unread ?? (await this.table.load({ ...this.#parts.plan(), group: this.#group })) ?? (await this.#try());
    if (failure !== null) {
      await this.close();
      return failure;
    }
    this.#isOpen = true;
    const { group } = this.#parts.plan();
    if (group !== this.#group)
      this.#parts.tell(`NFLOG group ${group} is in use: the kernel sensor reports to group ${this.#group}.`);
    return null;
  }

  /** Whether the table is loaded and its reports are read. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether reports are read. */
  get isWell(): boolean {
    return !this.#isOpen || this.#supervisor.isCapturing;
  }

  /** The group that reports go to. */
  get group(): number {
    return this.#group;
  }

  /** The trial datagram was reported. */
  trialSeen(): void {
    this.#onTrial?.(null);
  }

  /** Goes over to another plan in one transaction. */
  async configure(): Promise<void> {
    if (!this.#isOpen) return;
    const failure = await this.table.load({ ...this.#parts.plan(), group: this.#group });
    if (failure !== null) this.#parts.tell(`The sensor goes on with its old table: ${failure}.`);
  }

  /** Must be called every second; `now` on the monotonic clock, ms. */
  async tick(now: number): Promise<void> {
    if (!this.#isOpen) return;
    if (!this.table.isOwned || now - this.#lastRenewalMs >= OWNED_RENEWAL_MS) {
      this.#lastRenewalMs = now;
      await this.table.renew();
    }
    if (now - this.#lastCountersMs < COUNTERS_INTERVAL_MS) return;
    this.#lastCountersMs = now;
    await this.#count();
  }

  /** Packets by the reason at which their decoding ended. */
  counts(): Map<number, number> {
    return this.#supervisor.counts();
  }

  /** What the table has counted; null when it cannot be read. */
  async tableCounts(): Promise<SensorCounts | null> {
    if (this.#isOpen) await this.#count();
    return this.#counts;
  }

  /** Takes the table away and ends what reads the reports. */
  async close(): Promise<void> {
    this.#isOpen = false;
    await Promise.all([this.table.close(), this.#supervisor.close()]);
  }

  /** What was reported before the last look must have been read at this one, or it is lost. */
  async #count(): Promise<void> {
    const before = this.#counts?.reported ?? 0;
    const counts = await this.table.counters();
    if (counts === null) return;
    let read = 0;
    for (const count of this.counts().values()) read += count;
    const lost = Math.max(this.#counts?.lost ?? 0, before - read);
    this.#counts = { ...counts, lost };
    if (lost <= this.#lostSaid) return;
    this.#parts.tell(`${lost - this.#lostSaid} reports of the kernel were lost.`);
    this.#lostSaid = lost;
  }

  /** Sends a datagram over loopback that a rule reports. Resolves to null also where loopback cannot be tried. */
  #try(): Promise<Failure> {
    return new Promise((resolve) => {
      const socket = createSocket('udp4');
      const end = (failure: Failure) => {
        clearTimeout(timer);
        this.#onTrial = null;
        socket.close();
        resolve(failure);
      };
      const timer = setTimeout(end, TRIAL_TIME_MS, 'the kernel did not report a trial datagram');
      this.#onTrial = end;
      socket.on('error', () => end(null));
      socket.bind({ address: TRIAL_ADDRESS }, () => {
        socket.send('', TRIAL_PORT, '127.0.0.1', (error) => {
          if (error !== null) end(null);
        });
      });
    });
  }

  #opened(failure: Failure): void {
    this.#onOpen?.(failure);
    this.#onOpen = null;
  }

  /** A group that another program reads is refused like a missing permission, so the next one tells which it is. */
  #groupFailed(reason: string, permission: boolean): void {
    if (this.#isOpen) {
      this.#parts.tell(`The kernel's reports cannot be read: ${reason}; it is tried again.`);
      return;
    }
    if (permission && --this.#groupsLeft > 0) {
      this.#group++;
      return;
    }
    this.#opened(
      permission
        ? 'reading NFLOG is not permitted: CAP_NET_ADMIN is missing, or every group is in use'
        : reason,
    );
  }
}
