import { chooseDevices } from '../capture/devices.ts';
import { filterText } from '../capture/filter.ts';
import { CONNECTION_KINDS } from '../classify/kind.ts';
import type { Address } from '../net/address.ts';
import type { CapturePlan } from '../sensor/child-plan.ts';
import { type SensorSummary, SensorSupervisor } from '../sensor/supervisor.ts';
import { FilterPlanner, type ViewedPorts } from '../watch/filter-plan.ts';
import { type HostView, hostKey, viewHost } from '../watch/host.ts';
import type { SocketTable } from '../watch/sockets.ts';
import type { SteadyClock } from './clock.ts';
import { Pace } from './pace.ts';

/** How often interfaces and addresses are looked up: capture hears a link that comes back within a second. */
const HOST_INTERVAL_MS = 250;

/**
 * New filters and listeners for changed addresses: some at once, as when a link comes up, and then one in each step. Each
 * router advertisement can change an address, and each new filter needs a new process.
 */
const ADDRESS_CHANGES_AT_ONCE = 8;
const ADDRESS_CHANGE_STEP_MS = 10_000;

/** The least time between new filters for ports that services took or left, because each needs a new process ... */
const FILTER_INTERVAL_MS = 60_000;

/** ... unless this many packets a second come to ports in use: then leaving them to the kernel pays at once. */
const BUSY_PORTS_PER_SECOND = 1_000;

/** How often connections are looked up: seldom, and a bit more often while many ACKs come. */
const CONNECTIONS_INTERVAL_MS = 60_000;
const BUSY_CONNECTIONS_INTERVAL_MS = 5_000;

/**
 * The rings of all devices together. A slot of the binding has 65,616 octets, so this holds 175 packets: 3.5 ms of a
 * flood of 50,000 a second. The kernel takes twice as much memory for them (native-notes/cap.md). The ring of loopback
 * has 16 slots, because floods come from elsewhere.
 */
const RINGS_BYTES = 11 * 1024 * 1024;
const MIN_RING_BYTES = 2 * 1024 * 1024;
const LOOPBACK_RING_BYTES = 1024 * 1024;

/** Of a device whose frames libpcap has no name for. Since 1.10.5 it warns of that, which the binding takes for a failure. */
const UNKNOWN_FRAMES = /^(\S+): arptype \d+ not supported by libpcap/;

/** What the capture manager works with, and where it reports to. */
export interface CaptureManagerParts {
  readonly clock: Pick<SteadyClock, 'now' | 'baseMs'>;
  /** The words of --interface or INTERFACES. */
  readonly interfaces: () => readonly string[];
  readonly sockets: SocketTable;
  /** Whether KILL_ROUTE may block, so that this host's refusals show whether a block is gone; false without it. */
  readonly needsRefusals?: () => boolean;
  /** Ports in use are not left to the kernel filter (2.x: --disable-service-check). */
  readonly watchesPortsInUse: boolean;
  /** Whether the mode tcp listens on this TCP port. */
  readonly isOurs: (port: number) => boolean;
  /** Takes `length` octets of whole records of the sensor with this number; resolves when more may come. */
  records(view: DataView, length: number, sensor: number): Promise<void>;
  /** A record about a sensor itself cannot be true. */
  refused(): void;
  /** A sensor died, and all its records are read: forget what it said of this host. */
  died(): void;
  /** The devices or addresses of the host have changed; also called at the start. */
  hostChanged(view: HostView): void;
  /** The same, for costly work: not at once when addresses change again and again. */
  hostSettled(): void;
  /** The devices are open. */
  ready(devices: readonly string[]): void;
  /** Capture stopped or could not start; it is tried again. */
  failed(reason: string, permission: boolean): void;
  /** libpcap cannot capture on this device, which was not asked for by its name; capture starts without it. */
  leftOut(device: string): void;
  /** Capture could not start with a new plan and goes on with the old one; it is tried again. */
  notRenewed(reason: string): void;
}

/** Decides on which devices and with which filter the sensor captures, as interfaces, addresses and services change. */
export class CaptureManager {
  readonly #parts: CaptureManagerParts;
  readonly #supervisor: SensorSupervisor;
  readonly #planner: FilterPlanner;
  #watched: ViewedPorts;
  #viewKey: string;
  #view: HostView;
  /** The view that the last filter was made for, and the one that was last reported as settled. */
  #plannedKey = '';
  #settledKey: string;
  #settledDevices: string;
  readonly #pace = new Pace(ADDRESS_CHANGES_AT_ONCE, ADDRESS_CHANGE_STEP_MS);
  #hostTimer: NodeJS.Timeout | null = null;
  #filterChanged = false;
  /** The filter passes this host's refusals. */
  #refusals = false;
  readonly #leftOut = new Set<string>();
  /** On the monotonic clock. */
  #lastRenewalMs = 0;
  /** On the daemon's clock. */
  #lastConnectionsMs = 0;

  constructor(parts: CaptureManagerParts, watched: ViewedPorts) {
    this.#parts = parts;
    this.#planner = new FilterPlanner(parts.isOurs);
    this.#watched = watched;
    this.#viewKey = hostKey();
    this.#view = viewHost();
    this.#settledKey = this.#viewKey;
    this.#settledDevices = this.#devicesUp;
    this.#supervisor = new SensorSupervisor(
      {
        plan: () => this.#plan(),
        records: parts.records,
        refused: parts.refused,
        died: parts.died,
        ready: ({ devices }) => parts.ready(devices.map(({ name }) => name)),
        lost: (reason) => parts.failed(reason, false),
        failed: (reason, permission) => {
          if (!this.#leaveOut(reason)) parts.failed(reason, permission);
        },
        notRenewed: (reason) => {
          if (!this.#leaveOut(reason)) parts.notRenewed(reason);
        },
      },
      () => performance.now(),
    );
  }

  /** Looks at this host and its sockets for the first time; `now` in ms since the epoch. */
  look(now: number): void {
    const { sockets, hostChanged } = this.#parts;
    hostChanged(this.#view);
    sockets.lookAtAll(now);
    this.#lookAtConnections(now);
  }

  /** Begins to capture the packets of these ports. */
  start(watched = this.#watched): void {
    this.#watched = watched;
    if (!this.#parts.watchesPortsInUse)
      this.#planner.update(this.#parts.sockets, this.#ownAddresses(), this.#parts.clock.now(), true);
    this.#renew();
    this.#hostTimer = setInterval(() => this.#lookAtHost(), HOST_INTERVAL_MS);
  }

  /** Whether any port is captured. */
  get isNeeded(): boolean {
    return this.#watched.tcp.size > 0 || this.#watched.udp.size > 0;
  }

  /** False while capture should run and does not. */
  get isWell(): boolean {
    return this.#supervisor.isCapturing || !this.isNeeded || !this.hasDevice;
  }

  /** What the last sensor runs as, and how many have died. */
  get process(): SensorSummary {
    return this.#supervisor.process;
  }

  /** Whether any of the chosen interfaces is up. */
  get hasDevice(): boolean {
    return this.devices.length > 0;
  }

  /** The chosen interfaces that are up. */
  get devices(): readonly string[] {
    const chosen = chooseDevices(this.#parts.interfaces(), this.#view.devices);
    return chosen.filter((name) => !this.#leftOut.has(name));
  }

  /** Must be called every second; `inUse` packets came to ports in use since the last call. */
  tick(now: number, inUse: number): void {
    const { sockets, watchesPortsInUse } = this.#parts;
    sockets.poll(now);
    const busy = inUse >= BUSY_PORTS_PER_SECOND;
    const age = now - this.#lastConnectionsMs;
    if (age >= (busy ? BUSY_CONNECTIONS_INTERVAL_MS : CONNECTIONS_INTERVAL_MS)) this.#lookAtConnections(now);
    const refusalsChanged = this.#refusals !== this.#needsRefusals;
    if (refusalsChanged) this.#filterChanged = true;
    if (watchesPortsInUse && !refusalsChanged) return;
    if (!watchesPortsInUse && this.#planner.update(sockets, this.#ownAddresses(), now, busy))
      this.#filterChanged = true;
    const due = busy || performance.now() - this.#lastRenewalMs >= FILTER_INTERVAL_MS;
    if (this.#filterChanged && due) this.#renew();
  }

  /** Captures these ports from now on. */
  configure(watched: ViewedPorts): void {
    this.#watched = watched;
    this.#renew();
  }

  /** Frames so far, by the reason for which their decoding ended. */
  counts(): Map<number, number> {
    return this.#supervisor.counts();
  }

  async close(): Promise<void> {
    if (this.#hostTimer !== null) clearInterval(this.#hostTimer);
    await this.#supervisor.close();
  }

  #lookAtHost(): void {
    this.#lookAtView();
    if (this.#viewKey === this.#settledKey) return;
    // A device that comes or goes is captured at once: nobody on the network decides that.
    if (this.#devicesUp === this.#settledDevices && !this.#pace.take(performance.now())) return;
    this.#settledKey = this.#viewKey;
    this.#settledDevices = this.#devicesUp;
    this.#parts.hostSettled();
    if (this.#viewKey !== this.#plannedKey) this.#renew();
  }

  /** Looks up devices and addresses again, and reports a change. */
  #lookAtView(): void {
    const key = hostKey();
    if (key === this.#viewKey) return;
    this.#viewKey = key;
    this.#view = viewHost();
    this.#parts.hostChanged(this.#view);
  }

  get #devicesUp(): string {
    return this.#view.devices.map(({ name }) => name).join(' ');
  }

  /** Whether capture can start without the device that it failed for. */
  #leaveOut(reason: string): boolean {
    const name = UNKNOWN_FRAMES.exec(reason)?.[1];
    const { devices } = this;
    if (name === undefined || this.#parts.interfaces().includes(name)) return false;
    if (!devices.includes(name) || devices.length === 1) return false;
    this.#leftOut.add(name);
    this.#parts.leftOut(name);
    return true;
  }

  #renew(): void {
    this.#filterChanged = false;
    this.#lastRenewalMs = performance.now();
    this.#supervisor.renew();
  }

  #plan(): CapturePlan | null {
    // A link may have gone down since the last look.
    this.#lookAtView();
    this.#plannedKey = this.#viewKey;
    if (!this.isNeeded) return null;
    const { devices } = this;
    if (devices.length === 0) {
      // The sensor has not died of it yet. Report it here: the supervisor ends the sensor now, and reports no such end.
      if (this.#supervisor.isCapturing) this.#parts.failed('no interface is up', false);
      return null;
    }
    const { sockets } = this.#parts;
    // Without the newest connections, the filter would pass every acknowledgement to a port just taken into use.
    this.#lookAtConnections(this.#parts.clock.now());
    this.#refusals = this.#needsRefusals;
    const plan = this.#planner.plan(this.#watched, this.#ownAddresses(), sockets, this.#refusals);
    const filterFor = (name: string) => filterText(plan, this.#hardwareAddress(name));
    const ringBytesFor = this.#ringBytes(devices);
    return {
      devices: devices.map((name) => ({ name, filter: filterFor(name), ringBytes: ringBytesFor(name) })),
      group: null,
      clockBaseMs: this.#parts.clock.baseMs,
    };
  }

  get #needsRefusals(): boolean {
    return this.#parts.needsRefusals?.() ?? false;
  }

  #ringBytes(devices: readonly string[]): (name: string) => number {
    const others = devices.filter((name) => !this.#isLoopback(name)).length;
    if (others === 0) return () => RINGS_BYTES;
    const rest = RINGS_BYTES - (devices.length - others) * LOOPBACK_RING_BYTES;
    const share = Math.max(MIN_RING_BYTES, Math.floor(rest / others));
    return (name) => (this.#isLoopback(name) ? LOOPBACK_RING_BYTES : share);
  }

  /** Takes some ms on an idle host, and a quarter of a second with 100,000 connections. */
  #lookAtConnections(now: number): void {
    if ((this.#watched.kinds & CONNECTION_KINDS) === 0) return;
    this.#lastConnectionsMs = now;
    this.#parts.sockets.lookAtConnections(now);
  }

  #hardwareAddress(name: string): string | null {
    return this.#view.devices.find((device) => device.name === name)?.hardwareAddress ?? null;
  }

  /** The addresses that may be probed: those of loopback only where loopback is captured. */
  #ownAddresses(): Address[] {
    const { addresses, devices } = this.#view;
    const chosen = chooseDevices(this.#parts.interfaces(), devices);
    const loopback = chosen.some((name) => name === 'any' || this.#isLoopback(name));
    return addresses.filter((address) => loopback || !isLoopbackAddress(address));
  }

  #isLoopback(name: string): boolean {
    return this.#view.devices.some((device) => device.loopback && device.name === name);
  }
}

function isLoopbackAddress(address: Address): boolean {
  if (address.isV4) return address.w3 >>> 24 === 127;
  return address.w0 === 0 && address.w1 === 0 && address.w2 === 0 && address.w3 === 1;
}
