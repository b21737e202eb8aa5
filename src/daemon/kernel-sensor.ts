import { createSocket } from 'node:dgram';
import type { Failure } from '../commands/failure.ts';
import { resolvesWithin } from '../commands/within.ts';
import { counted } from '../record/counted.ts';
import { CounterSums } from '../sensor/kernel/counter-sums.ts';
import { LostReports } from '../sensor/kernel/lost-reports.ts';
import { boundGroups } from '../sensor/kernel/neighbours.ts';
import { type Counters, type SensorPlan, TRIAL_ADDRESS, TRIAL_PORT } from '../sensor/kernel/plan.ts';
import { SensorTable } from '../sensor/kernel/sensor-table.ts';
import { type SensorSummary, SensorSupervisor } from '../sensor/supervisor.ts';

/** Groups that are tried, from NFLOG_GROUP on: another program may read the first ones. */
const GROUPS_TRIED = 8;

/** How often an owned table is renewed, and one that somebody else may take away. */
const OWNED_RENEWAL_MS = 5_000;

/** How often the counters are read, to find out what was lost. */
const COUNTERS_INTERVAL_MS = 5_000;

/** How long a question waits for counters. */
const COUNTERS_WAIT_MS = 2_000;

/** How often the log says that the kernel could not hold every source. */
const SHED_INTERVAL_MS = 60_000;

/** The longest pause before another process reads the reports: one that a flood ended must be replaced while it goes on. */
const LONGEST_PAUSE_MS = 500;

/** The largest group of NFLOG. */
const LAST_GROUP = 65_535;

/** How long the sensor waits for the report of its trial datagram; a busy machine takes some ms. */
const TRIAL_TIME_MS = 5_000;

/** What the kernel sensor works with, and where it reports to. */
export interface KernelSensorParts {
  /** As in `SteadyClock`. */
  readonly clockBaseMs: number;
  /** What the table is made from now; its group is the first to try. */
  plan(): SensorPlan;
  /** Takes `length` octets of whole records; resolves when more may come. */
  records(view: DataView, length: number, sensor: number): Promise<void>;
  /** A record about a sensor itself cannot be true. */
  refused(): void;
  /** A sensor died, and all its records are read: forget what it said of this host. */
  died(): void;
  /** Reports of blocked sources, too, may go to this group from now on; null: nobody reads any. */
  reportsGoTo(group: number | null): Promise<void>;
  /** Logs one line for the administrator. */
  tell(text: string): void;
  /** The sensor cannot go on. */
  failed(reason: string): void;
}

/** The counters since the start, over all tables, and how many reports were not read. */
export interface SensorCounts extends Counters {
  readonly lost: number;
}

/** Runs the kernel's table and the process that reads its reports. */
export class KernelSensor {
  readonly table: SensorTable;
  readonly #parts: KernelSensorParts;
  readonly #supervisor: SensorSupervisor;
  #group = 0;
  /** The group that the table reports to. */
  #loadedGroup = 0;
  #groupsLeft = GROUPS_TRIED;
  #reading: Promise<Failure> | null = null;
  /** Records wait for `open`: an earlier run may have left a table that reports to the same group. */
  #takesRecords = () => {};
  readonly #opening = new Promise<void>((resolve) => {
    this.#takesRecords = resolve;
  });
  #onOpen: ((failure: Failure) => void) | null = null;
  #onTrial: ((failure: Failure) => void) | null = null;
  #isOpen = false;
  #isReportedTo = false;
  #lastRenewalMs = Number.NEGATIVE_INFINITY;
  #lastCountersMs = Number.NEGATIVE_INFINITY;
  readonly #counters = new CounterSums();
  #counting: Promise<void> | null = null;
  readonly #lost = new LostReports();
  #lostSaid = 0;
  #shedSaid = 0;
  #lastShedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: KernelSensorParts) {
    this.#parts = parts;
    this.table = new SensorTable({
      tell: parts.tell,
      // Once: each try to put the table back reports its failure until the sensor is closed.
      lost: (reason) => {
        if (this.#isOpen) parts.failed(reason);
      },
    });
    this.#supervisor = new SensorSupervisor(
      {
        plan: () => ({ devices: [], group: this.#group, clockBaseMs: parts.clockBaseMs }),
        records: async (view, length, sensor) => {
          await this.#opening;
          await parts.records(view, length, sensor);
        },
        refused: parts.refused,
        died: parts.died,
        ready: () => this.#opened(null),
        lost: (reason) =>
          parts.tell(`The process that reads the kernel's reports ended: ${reason}; it starts again.`),
        failed: (reason, permission) => this.#groupFailed(reason, permission),
        notRenewed: (reason) => this.#groupFailed(reason, false),
      },
      () => performance.now(),
      LONGEST_PAUSE_MS,
    );
  }

  /** Starts the process that reads the reports. A start does other things while it loads; `open` or `close` must follow. */
  prepare(): void {
    this.#reading ??= this.#startReading();
  }

  /** Starts to read the reports and loads the table. Resolves to why this host cannot do it; nothing is left then. */
  async open(): Promise<Failure> {
    this.prepare();
    this.#takesRecords();
    const failure = (await this.#reading) ?? (await this.#loadAndTry());
    if (failure !== null) {
      await this.close();
      return failure;
    }
    this.#isOpen = true;
    this.#sayGroup();
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

  /** What the last process that read reports runs as, and how many have died. */
  get process(): SensorSummary {
    return this.#supervisor.process;
  }

  /** The group that reports go to. */
  get group(): number {
    return this.#group;
  }

  /** What the table is made from now. */
  get plan(): SensorPlan {
    return this.#parts.plan();
  }

  /** The trial datagram was reported. */
  trialSeen(): void {
    this.#onTrial?.(null);
  }

  /** Goes over to another plan in one transaction. */
  async configure(): Promise<void> {
    if (!this.#isOpen) return;
    const failure = await this.#load();
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
    await this.#readCounters();
    this.#tellLost();
    this.#tellShed(now);
  }

  /** Packets by the reason at which their decoding ended. */
  counts(): Map<number, number> {
    return this.#supervisor.counts();
  }

  /** Reports that were lost, by the last look of `tick`. */
  get lost(): number {
    return this.#lost.count;
  }

  /**
   * What the tables have counted since the start, and what was lost by the last look of `tick`. On a machine that is too busy
   * to be asked the counters are some seconds old.
   */
  async tableCounts(): Promise<SensorCounts> {
    if (this.#isOpen) await resolvesWithin(this.#readCounters(), COUNTERS_WAIT_MS);
    return { ...this.#counters.sums, lost: this.#lost.count };
  }

  /** Takes the table away and ends what reads the reports. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#takesRecords();
    await Promise.all([
      this.table.close(),
      this.#supervisor.close(),
      ...(this.#isReportedTo ? [this.#parts.reportsGoTo(null)] : []),
    ]);
  }

  /** Resolves when a process reads the reports, or to why none can. */
  #startReading(): Promise<Failure> {
    this.#group = this.#parts.plan().group;
    const bound = boundGroups();
    while (bound?.has(this.#group) && --this.#groupsLeft > 0) this.#nextGroup();
    return new Promise<Failure>((resolve) => {
      this.#onOpen = resolve;
      this.#supervisor.renew();
    });
  }

  /** Once the table is ours, that of the blocks reports to the same group. */
  async #loadAndTry(): Promise<Failure> {
    const notLoaded = await this.#load();
    if (notLoaded !== null) return notLoaded;
    this.#isReportedTo = true;
    const [failure] = await Promise.all([this.#try(), this.#parts.reportsGoTo(this.#group)]);
    return failure;
  }

  async #load(): Promise<Failure> {
    const group = this.#group;
    const failure = await this.table.load({ ...this.#parts.plan(), group });
    if (failure === null) this.#loadedGroup = group;
    return failure;
  }

  /** One look at a time: an older one must not come after a newer one. */
  #readCounters(): Promise<void> {
    this.#counting ??= this.#takeCounters().finally(() => {
      this.#counting = null;
    });
    return this.#counting;
  }

  async #takeCounters(): Promise<void> {
    const { loads } = this.table;
    const read = this.#read;
    const counters = await this.table.counters();
    // A table that was replaced meanwhile may be either of the two.
    if (counters !== null && loads === this.table.loads) this.#counters.take(counters, loads, read);
  }

  /** How many reports were read. */
  get #read(): number {
    let read = 0;
    for (const count of this.counts().values()) read += count;
    return read;
  }

  #tellLost(): void {
    this.#lost.look(this.#counters.sums.reported, this.#read);
    const lost = this.#lost.count - this.#lostSaid;
    if (lost <= 0) return;
    this.#parts.tell(`${counted(lost, 'report')} of the kernel ${lost === 1 ? 'was' : 'were'} lost.`);
    this.#lostSaid = this.#lost.count;
  }

  #tellShed(now: number): void {
    const { shed } = this.#counters.sums;
    if (shed === this.#shedSaid || now - this.#lastShedMs < SHED_INTERVAL_MS) return;
    this.#parts.tell(
      `${counted(shed - this.#shedSaid, 'probe')} got no answer but no hold either: more sources probe than the kernel holds (status: shed).`,
    );
    this.#shedSaid = shed;
    this.#lastShedMs = now;
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
    if (this.#isOpen && this.#group !== this.#loadedGroup) void this.#goOverToGroup();
  }

  /** Another program took the group while nobody read it. */
  async #goOverToGroup(): Promise<void> {
    this.#sayGroup();
    await this.configure();
    await this.#parts.reportsGoTo(this.#group);
  }

  #sayGroup(): void {
    const { group } = this.#parts.plan();
    if (group !== this.#group)
      this.#parts.tell(`NFLOG group ${group} is in use: the kernel sensor reports to group ${this.#group}.`);
  }

  /** A group that another program reads is refused like a missing permission. */
  #groupFailed(reason: string, permission: boolean): void {
    if (permission && (boundGroups()?.has(this.#group) ?? true) && --this.#groupsLeft > 0) {
      this.#nextGroup();
      return;
    }
    if (this.#isOpen) {
      this.#parts.tell(`The kernel's reports cannot be read: ${reason}; it is tried again.`);
      return;
    }
    this.#opened(
      permission
        ? 'reading NFLOG is not permitted: CAP_NET_ADMIN is missing, or every group is in use'
        : reason,
    );
  }

  #nextGroup(): void {
    this.#group = this.#group === LAST_GROUP ? 1 : this.#group + 1;
  }
}
