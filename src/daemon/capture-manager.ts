import { chooseDevices } from '../capture/devices.ts';
import { filterText } from '../capture/filter.ts';
import { CONNECTION_KINDS } from '../classify/kind.ts';
import type { Address } from '../net/address.ts';
import type { ChildPlan } from '../sensor/child-plan.ts';
import { CaptureSupervisor } from '../sensor/supervisor.ts';
import { FilterPlanner, type ViewedPorts } from '../watch/filter-plan.ts';
import { type HostView, hostKey, viewHost } from '../watch/host.ts';
import type { SocketTable } from '../watch/sockets.ts';

/** How often (ms) interfaces and addresses are looked at: a link that comes back is heard within a second. */
const HOST_INTERVAL = 250;

/** A new filter for ports that services took or left is worth a new process only so often (ms) ... */
const FILTER_INTERVAL = 60_000;

/** ... unless so many packets a second come to ports in use: leaving them to the kernel pays at once. */
const BUSY_PORTS_RATE = 1_000;

/** How often (ms) the connections are looked at: seldom, and a bit more often while many ACKs come. */
const CONNECTIONS_INTERVAL = 60_000;
const BUSY_CONNECTIONS_INTERVAL = 5_000;

/**
 * The rings of all devices together, in octets. The binding's slots are 65,616 octets, so this is 175 packets, 3.5
 * ms of a flood of 50,000 a second; the kernel takes twice as much memory for them (native-notes/cap.md). Loopback has
 * 16, for floods come from elsewhere.
 */
const RINGS_SIZE = 11 * 1024 * 1024;
const MIN_RING_SIZE = 2 * 1024 * 1024;
const LOOPBACK_RING_SIZE = 1024 * 1024;

export interface CaptureManagerParts {
  /** The words of --interface or INTERFACES. */
  readonly interfaces: readonly string[];
  readonly sockets: SocketTable;
  /** Ports in use are not left to the kernel filter (2.x: --disable-service-check). */
  readonly watchesPortsInUse: boolean;
  /** Whether a TCP port is listened on by us. */
  readonly isOurs: (port: number) => boolean;
  records(view: DataView, length: number, child: number): Promise<void>;
  /** The host has these addresses now. */
  host(view: HostView): void;
  /** The devices are open. */
  ready(devices: readonly string[]): void;
  /** Capture stopped or could not be started; it is tried again. */
  trouble(reason: string, permission: boolean): void;
  /** Capture goes on as it was, because it could not be started anew; it is tried again. */
  notRenewed(reason: string): void;
}

/** Where the daemon looks: which devices, with which filter, as interfaces, addresses and services come and go. */
export class CaptureManager {
  readonly #parts: CaptureManagerParts;
  readonly #supervisor: CaptureSupervisor;
  readonly #planner: FilterPlanner;
  #watched: ViewedPorts;
  #viewKey: string;
  #view: HostView;
  #hostTimer: NodeJS.Timeout | null = null;
  #filterChanged = false;
  #lastRenewal = 0;
  #connectionsSeen = 0;

  constructor(parts: CaptureManagerParts, watched: ViewedPorts) {
    this.#parts = parts;
    this.#planner = new FilterPlanner(parts.isOurs);
    this.#watched = watched;
    this.#viewKey = hostKey();
    this.#view = viewHost();
    this.#supervisor = new CaptureSupervisor(
      {
        plan: () => this.#plan(),
        records: parts.records,
        ready: ({ devices }) => parts.ready(devices.map(({ name }) => name)),
        lost: (reason) => parts.trouble(reason, false),
        failed: parts.trouble,
        notRenewed: parts.notRenewed,
      },
      () => performance.now(),
    );
  }

  /** Begins to capture; `now` in ms. */
  start(now: number): void {
    const { sockets, host } = this.#parts;
    host(this.#view);
    sockets.lookAtAll(now);
    this.#lookAtConnections(now);
    if (!this.#parts.watchesPortsInUse) this.#planner.update(sockets, this.#ownAddresses(), now, true);
    this.#renew();
    this.#hostTimer = setInterval(() => this.#lookAtHost(), HOST_INTERVAL);
  }

  /** Whether the packets of any port are looked at. */
  get isNeeded(): boolean {
    return this.#watched.tcp.size > 0 || this.#watched.udp.size > 0;
  }

  /** Whether what should be captured is: false while capture is being started anew. */
  get isWell(): boolean {
    return this.#supervisor.isCapturing || !this.isNeeded || !this.hasDevice;
  }

  /** The process that captures, while there is one. */
  get capturePid(): number | undefined {
    return this.#supervisor.pid;
  }

  /** Whether any of the chosen interfaces is up. */
  get hasDevice(): boolean {
    return chooseDevices(this.#parts.interfaces, this.#view.devices).length > 0;
  }

  /** To be called every second: `inUse` packets came to ports in use since the last call. */
  tick(now: number, inUse: number): void {
    const { sockets, watchesPortsInUse } = this.#parts;
    sockets.poll(now);
    const busy = inUse >= BUSY_PORTS_RATE;
    const age = Math.abs(now - this.#connectionsSeen);
    if (age >= (busy ? BUSY_CONNECTIONS_INTERVAL : CONNECTIONS_INTERVAL)) this.#lookAtConnections(now);
    if (watchesPortsInUse) return;
    if (this.#planner.update(sockets, this.#ownAddresses(), now, busy)) this.#filterChanged = true;
    const due = busy || performance.now() - this.#lastRenewal >= FILTER_INTERVAL;
    if (this.#filterChanged && due) this.#renew();
  }

  /** Other ports are looked at from now on. */
  configure(watched: ViewedPorts): void {
    this.#watched = watched;
    this.#renew();
  }

  /** Frames so far, by the reason at which their decoding ended. */
  counts(): Map<number, number> {
    return this.#supervisor.counts();
  }

  async close(): Promise<void> {
    if (this.#hostTimer !== null) clearInterval(this.#hostTimer);
    await this.#supervisor.close();
  }

  #lookAtHost(): void {
    if (this.#viewChanged()) this.#renew();
  }

  /** Looks at the host anew, and tells when it is not as it was. */
  #viewChanged(): boolean {
    const key = hostKey();
    if (key === this.#viewKey) return false;
    this.#viewKey = key;
    this.#view = viewHost();
    this.#parts.host(this.#view);
    return true;
  }

  #renew(): void {
    this.#filterChanged = false;
    this.#lastRenewal = performance.now();
    this.#supervisor.renew();
  }

  #plan(): ChildPlan | null {
    // After a link went down it may not be seen on the next look yet: look now.
    this.#viewChanged();
    if (!this.isNeeded) return null;
    const devices = chooseDevices(this.#parts.interfaces, this.#view.devices);
    if (devices.length === 0) {
      // Seen before the capture process has died of it: said here, for its end says nothing then.
      if (this.#supervisor.isCapturing) this.#parts.trouble('no interface is up', false);
      return null;
    }
    const { sockets } = this.#parts;
    // Of now: to a port that somebody has just begun to use, every acknowledgement would pass.
    this.#lookAtConnections(Date.now());
    const plan = this.#planner.plan(this.#watched, this.#ownAddresses(), sockets);
    const filterFor = (name: string) => filterText(plan, this.#hardwareAddress(name));
    const ringSizeFor = this.#ringSizes(devices);
    return {
      devices: devices.map((name) => ({ name, filter: filterFor(name), ringSize: ringSizeFor(name) })),
    };
  }

  #ringSizes(devices: readonly string[]): (name: string) => number {
    const others = devices.filter((name) => !this.#isLoopback(name)).length;
    if (others === 0) return () => RINGS_SIZE;
    const rest = RINGS_SIZE - (devices.length - others) * LOOPBACK_RING_SIZE;
    const share = Math.max(MIN_RING_SIZE, Math.floor(rest / others));
    return (name) => (this.#isLoopback(name) ? LOOPBACK_RING_SIZE : share);
  }

  /** Costs ms on an idle host, and a quarter of a second with 100,000 connections. */
  #lookAtConnections(now: number): void {
    if ((this.#watched.kinds & CONNECTION_KINDS) === 0) return;
    this.#connectionsSeen = now;
    this.#parts.sockets.lookAtConnections(now);
  }

  #hardwareAddress(name: string): string | null {
    return this.#view.devices.find((device) => device.name === name)?.hardwareAddress ?? null;
  }

  /** What may be probed: the loopback addresses only where loopback is listened to. */
  #ownAddresses(): Address[] {
    const { addresses, devices } = this.#view;
    const chosen = chooseDevices(this.#parts.interfaces, devices);
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
