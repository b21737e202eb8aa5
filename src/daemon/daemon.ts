import { randomInt } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Kind, kindMask } from '../classify/kind.ts';
import { modeNames } from '../config/modes.ts';
import { PortSet } from '../config/ports.ts';
import { ControlServer } from '../control/server.ts';
import { findOccupant } from '../control/socket-file.ts';
import { Engine } from '../engine.ts';
import { Ledger } from '../ledger/ledger.ts';
import { BlockMemory } from '../ledger/memory.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { needsCapture, type Prepared, prepareRun } from '../preflight/prepare.ts';
import { mayCapture } from '../preflight/privileges.ts';
import type { RunOptions } from '../preflight/run-options.ts';
import { adminLine } from '../record/lines1.ts';
import type { Log } from '../record/log.ts';
import type { Recorder } from '../record/recorder.ts';
import { listeningLine, modeLines, startingLine, stopLines } from '../record/start-lines.ts';
import { UndecodedSum } from '../record/undecoded.ts';
import { ActionQueue } from '../respond/queue.ts';
import { Realtime } from '../service/realtime.ts';
import { ServiceManager } from '../service/service-manager.ts';
import type { ViewedPorts } from '../watch/filter-plan.ts';
import { type Home, homeOfAddresses } from '../watch/home.ts';
import { NOTHING_IN_USE } from '../watch/in-use.ts';
import { SocketTable } from '../watch/sockets.ts';
import { WatchedPorts } from '../watch/watched-ports.ts';
import { BlockManager, type BlockManagerParts } from './block-manager.ts';
import { CaptureManager } from './capture-manager.ts';
import { ConnectModes } from './connect-modes.ts';
import { LiveControlHandlers } from './control-handlers.ts';
import { openLiveLog, openRecorder } from './outputs.ts';
import { ProbeIntake } from './probe-intake.ts';
import { warmUp } from './warm-up.ts';

/** The table of sockets that is this process's own network namespace's. */
const PROC_NET = '/proc/self/net';

/** How often (ms) everything that waits for time is asked. */
const TICK = 1_000;

/** The timer (ms) by which --verbose measures how late timers are. */
const DELAY_TIMER = 20;

/** What is left of an action when the daemon ends (ms); the whole end takes less than a second. */
const DRAIN_TIME = 300;

/** One live run: everything that captures, judges, acts and tells, from the start to the last line. */
export class Daemon {
  readonly #options: RunOptions;
  readonly #version: string;
  readonly #log: Log;
  readonly #sockets = new SocketTable(PROC_NET);
  readonly #queue = new ActionQueue();
  readonly #undecoded = new UndecodedSum();
  /** How long a timer of DELAY_TIMER took, in ns. */
  readonly #delay = monitorEventLoopDelay({ resolution: DELAY_TIMER });
  readonly #startedAt = Date.now();
  readonly #blockManager: BlockManager;
  readonly #intake: ProbeIntake;
  readonly #engine: Engine;
  readonly #connectModes: ConnectModes;
  readonly #manager: ServiceManager;
  readonly #captureManager: CaptureManager;
  readonly #control: ControlServer;
  readonly #realtime = new Realtime({
    capture: () => this.#captureManager.capturePid,
    others: () => this.#blockManager.backends.pids,
  });
  #recorder: Recorder;
  #prepared: Prepared;
  #watched: WatchedPorts;
  /** The interfaces that are listened to now. */
  #interfaces: readonly string[] = [];
  #home: Home = homeOfAddresses([]);
  #timer: NodeJS.Timeout | null = null;
  #listening = false;
  /** Capture fails again and again, which was said: the modes can do without. */
  #doesWithout = false;
  #onReady: (() => void) | null = null;
  #onFailure: ((error: Error) => void) | null = null;
  /** The last reload, under way or not: each goes by what the one before it has left. */
  #reloaded: Promise<void> = Promise.resolve();

  private constructor(
    options: RunOptions,
    version: string,
    prepared: Prepared,
    log: Log,
    memory: BlockMemory,
  ) {
    this.#options = options;
    this.#version = version;
    this.#log = log;
    this.#prepared = prepared;
    this.#recorder = openRecorder(prepared.config, prepared.modes, log);
    this.#watched = new WatchedPorts(prepared.config, prepared.modes);
    this.#blockManager = this.#makeBlockManager(prepared, memory);
    this.#engine = this.#makeEngine(prepared);
    this.#intake = new ProbeIntake({
      engine: this.#engine,
      sockets: this.#sockets,
      home: () => this.#home,
      witness: (probe) => this.#connectModes.witness(probe),
      now: Date.now,
    });
    this.#connectModes = new ConnectModes({
      engine: this.#engine,
      isOwn: (address) => this.#home.has(address),
      now: Date.now,
      tell: (line) => this.#log.line(line),
    });
    this.#manager = new ServiceManager({
      env: process.env,
      pid: process.pid,
      tell: (text) => this.#recorder.admin(text),
    });
    this.#captureManager = this.#makeCaptureManager(prepared);
    this.#control = this.#makeControl(prepared);
  }

  /** Starts a run and resolves when it listens. Throws a CommandError when it cannot; then nothing is left running. */
  static async start(options: RunOptions, version: string): Promise<Daemon> {
    const prepared = prepareRun(options);
    const log = await openLiveLog(options.logoutput);
    let daemon: Daemon | null = null;
    try {
      const memory = await openMemory(options, prepared, log);
      daemon = new Daemon(options, version, prepared, log, memory);
      await daemon.#begin();
      return daemon;
    } catch (error) {
      if (daemon !== null) await daemon.#end();
      await log.close();
      throw error;
    }
  }

  /** Reads configuration and ignore file again (SIGHUP); what is wrong with them is said, and the old ones stay. */
  reload(): Promise<void> {
    this.#reloaded = this.#reloaded.then(() => this.#reload());
    return this.#reloaded;
  }

  async #reload(): Promise<void> {
    this.#manager.reloading();
    await this.#readAgain();
    this.#manager.ready(this.#status());
  }

  async #readAgain(): Promise<void> {
    let prepared: Prepared;
    let recorder: Recorder;
    try {
      prepared = prepareRun(this.#options);
      recorder = openRecorder(prepared.config, prepared.modes, this.#log);
      await this.#blockManager.reload(prepared.config).catch((error: Error) => {
        recorder.close();
        throw error;
      });
    } catch (error) {
      this.#recorder.admin(`Configuration not taken over: ${(error as Error).message}`);
      return;
    }
    this.#recorder.close();
    this.#recorder = recorder;
    this.#prepared = prepared;
    this.#watched = new WatchedPorts(prepared.config, prepared.modes);
    this.#engine.configure({ config: prepared.config, modes: prepared.modes, watched: this.#watched });
    await this.#connectModes.reload(prepared);
    this.#captureManager.configure(this.#viewed(prepared));
    this.#warn(prepared);
    recorder.admin('Configuration and ignore file were read again.');
  }

  /** Says something that the administrator should know. */
  tell(text: string): void {
    this.#recorder.admin(text);
  }

  /** Ends the run: within a second, whatever is under way. */
  async stop(): Promise<void> {
    this.#manager.stopping();
    await this.#end();
    if (this.#options.verbose) this.#sumUp();
    for (const line of stopLines()) this.#log.line(line);
    await this.#log.close();
  }

  async #begin(): Promise<void> {
    this.#log.line(startingLine(this.#version));
    if (this.#prepared.config.file === null) {
      this.#recorder.admin('No configuration file: the built-in defaults are in force, which only log.');
    }
    if (this.#options.dryRun) this.#recorder.admin('Dry run: no action is carried out.');
    this.#warn(this.#prepared);
    await this.#openControl();
    await this.#blockManager.start();
    const { method } = this.#blockManager;
    if (method !== null) this.#recorder.admin(`Sources are blocked by ${method.name}: ${method.how}.`);
    await this.#connectModes.open(this.#prepared);
    const ready = new Promise<void>((resolve, reject) => {
      this.#onReady = resolve;
      this.#onFailure = reject;
    });
    this.#captureManager.start(Date.now());
    const ports = { inUse: this.#portsInUse(), listening: this.#connectModes.ports };
    for (const line of modeLines(this.#prepared.config, modeNames(this.#prepared.modes), ports)) {
      this.#log.line(line);
    }
    if (!this.#captureManager.isNeeded) this.#ready([]);
    // A host may get its network later; a start that waited for it would hold up who waits for the start.
    else if (!this.#captureManager.hasDevice) {
      this.#recorder.admin('No interface to listen on is up; each is listened to as soon as it is.');
      this.#ready([]);
    }
    this.#timer = setInterval(() => this.#tick(), TICK);
    // While the capture process starts.
    await Promise.all([ready, warmUp(this.#prepared.config, this.#sockets)]);
    if (this.#options.verbose) this.#delay.enable();
    this.#realtime.start(this.#hasToHurry);
    this.#manager.ready(this.#status());
  }

  async #end(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#realtime.close();
    this.#connectModes.close();
    await this.#control.close();
    await Promise.all([this.#captureManager.close(), this.#queue.drain(DRAIN_TIME)]);
    await this.#queue.close();
    await this.#engine.settle();
    this.#engine.close();
    await this.#blockManager.close();
    this.#recorder.close();
  }

  #sumUp(): void {
    let frames = 0;
    for (const count of this.#captureManager.counts().values()) frames += count;
    const { probes, tracker } = this.#engine;
    const late = Math.max(0, Math.round(this.#delay.max / 1e6) - DELAY_TIMER);
    this.#recorder.admin(
      `Captured ${frames} frames, ${this.#intake.duplicates} of them twice; ${probes} probes, ` +
        `${tracker.size} sources are tracked; timers were late by ${late} ms at most.`,
    );
  }

  #tick(): void {
    const now = Date.now();
    this.#engine.tracker.sweep(now);
    this.#recorder.tick(now);
    this.#blockManager.tick(now);
    this.#control.tick();
    this.#connectModes.tick(now);
    this.#manager.tick(performance.now(), this.#captureManager.isWell || this.#doesWithout, this.#status());
    this.#captureManager.tick(now, this.#intake.takeInUse());
    this.#realtime.tick(this.#hasToHurry);
    const undecoded = this.#undecoded.line(this.#captureManager.counts(), now);
    if (undecoded !== null) this.#recorder.admin(undecoded);
  }

  /** Who only logs has not. */
  get #hasToHurry(): boolean {
    return this.#blockManager.method !== null;
  }

  #makeEngine({ config, modes }: Prepared): Engine {
    const recorder = () => this.#recorder;
    return new Engine({
      config,
      modes,
      watched: this.#watched,
      home: { has: (address) => this.#home.has(address) },
      inUse: this.#options.serviceCheck ? this.#sockets : NOTHING_IN_USE,
      connections: this.#sockets,
      ruleFor: (address) => this.#blockManager.allowList.never.ruleFor(address),
      isBlocked: (address, text) => this.#blockManager.blocks.covering(address, text) !== undefined,
      admits: (connects, now) => this.#blockManager.breaker.admits(connects, now),
      respond: this.#options.dryRun
        ? null
        : (details, connects) => this.#blockManager.respond(details, connects),
      takeBack: (source) => void this.#blockManager.blocks.releaseDecoy(source),
      recorder,
      localCheck: this.#options.localCheck,
      salt: randomInt(2 ** 32),
    });
  }

  #makeBlockManager({ config }: Prepared, memory: BlockMemory): BlockManager {
    const parts = {
      config,
      dryRun: this.#options.dryRun,
      queue: this.#queue,
      onStep: (target, step) => this.#recorder.step(target, step),
      onEnd: (event) => this.#recorder.unblock(event),
      tell: (text) => this.#recorder.admin(text),
    } satisfies BlockManagerParts;
    return new BlockManager(parts, memory);
  }

  #makeControl({ config }: Prepared): ControlServer {
    const handlers = new LiveControlHandlers({
      version: this.#version,
      startedAt: this.#startedAt,
      dryRun: this.#options.dryRun,
      prepared: () => this.#prepared,
      watched: () => this.#watched,
      blockManager: this.#blockManager,
      engine: this.#engine,
      sockets: this.#sockets,
      listening: () => this.#connectModes.ports,
      queue: this.#queue,
      interfaces: () => (this.#captureManager.isNeeded ? this.#interfaces : []),
      counts: () => this.#captureManager.counts(),
      duplicates: () => this.#intake.duplicates,
      onBlock: (entry) => this.#recorder.blockedByHand(entry),
    });
    const tell = (text: string) => this.#recorder.admin(text);
    return new ControlServer({ path: config.controlSocket, handlers: handlers, tell });
  }

  /** A dry run may be tried beside the real daemon, which then keeps the socket. */
  async #openControl(): Promise<void> {
    try {
      await this.#control.open();
    } catch (error) {
      const { message } = error as Error;
      if (!this.#options.dryRun) throw new CommandError(Exit.unavailable, message);
      this.#recorder.admin(`No questions are answered: ${message}.`);
    }
  }

  #makeCaptureManager(prepared: Prepared): CaptureManager {
    const { interfaces } = prepared;
    return new CaptureManager(
      {
        interfaces,
        sockets: this.#sockets,
        isOurs: (port) => this.#connectModes.holds(port),
        watchesPortsInUse: !this.#options.serviceCheck,
        records: (view, length, child) => {
          this.#realtime.work();
          return this.#intake.take(view, length, child);
        },
        host: ({ addresses, broadcasts }) => {
          this.#home = homeOfAddresses(addresses);
          this.#blockManager.allowList.never.setOwn(addresses, broadcasts);
          this.#engine.tracker.setOwn(addresses);
          this.#connectModes.hostChanged();
        },
        ready: (devices) => this.#ready(devices),
        trouble: (reason, permission) => this.#trouble(reason, permission),
        notRenewed: (reason) => this.#recorder.admin(`Capture goes on with the old filter: ${reason}.`),
      },
      this.#viewed(prepared),
    );
  }

  /** The mode tcp listens by itself, but where capture is to be had that tells who came and went too fast. */
  #viewed({ config, modes }: Prepared): ViewedPorts {
    if (modes.tcp !== 'tcp' || !mayCapture()) return this.#watched;
    const { udp, kinds } = this.#watched;
    const witnesses = kindMask([Kind.syn]) | (kinds & kindMask([Kind.udp]));
    return { tcp: config.tcpPorts, udp, kinds: witnesses, capturesTcp: false };
  }

  #ready(devices: readonly string[]): void {
    this.#interfaces = devices;
    if (devices.length > 0) this.#doesWithout = false;
    if (this.#listening) {
      if (this.#options.verbose) this.#recorder.admin(`Capture goes on on ${devices.join(', ')}.`);
      return;
    }
    this.#listening = true;
    if (this.#options.verbose && devices.length > 0)
      this.#recorder.admin(`Listening on ${devices.join(', ')}.`);
    this.#log.line(listeningLine(this.#prepared.config.logFormat));
    this.#onReady?.();
  }

  /** Before the first device is open it ends the start; afterwards it is told, and capture is tried again. */
  #trouble(reason: string, permission: boolean): void {
    if (this.#listening) {
      if (this.#doesWithout) return;
      this.#doesWithout = !needsCapture(this.#prepared.modes);
      this.#recorder.admin(`Capture stopped: ${reason}; it is started again.`);
      return;
    }
    if (!needsCapture(this.#prepared.modes)) {
      this.#doesWithout = true;
      this.#recorder.admin(
        `Nothing is captured, so connects that are reset at once have no name: ${reason}.`,
      );
      this.#ready([]);
      return;
    }
    this.#onFailure?.(new CommandError(permission ? Exit.noPermission : Exit.unavailable, reason));
  }

  /** What `systemctl status` shows. */
  #status(): string {
    const modes = modeNames(this.#prepared.modes).join(', ');
    return `${modes}: ${this.#engine.probes} probes, ${this.#blockManager.blocks.size} blocks in force`;
  }

  #warn({ warnings }: Prepared): void {
    for (const warning of warnings) this.#recorder.admin(warning);
  }

  #portsInUse(): Record<'tcp' | 'udp', PortSet> {
    const ports = (protocol: number) =>
      PortSet.of(this.#sockets.bound(protocol).map(({ port }) => ({ first: port, last: port })));
    return { tcp: ports(PROTOCOL_TCP), udp: ports(PROTOCOL_UDP) };
  }
}

/** Who is blocked, by the ledger; a dry run has none. Two daemons must not write the same one. */
async function openMemory({ dryRun }: RunOptions, { config }: Prepared, log: Log): Promise<BlockMemory> {
  if (dryRun) return new BlockMemory();
  const occupant = await findOccupant(config.controlSocket);
  if (occupant !== null) throw new CommandError(Exit.unavailable, occupant);
  const tell = (text: string) => log.line(adminLine(text));
  return Ledger.open(config.stateDir, { now: Date.now(), tell });
}
