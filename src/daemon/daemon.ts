import { hostname } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { formatDuration } from '../cli/times.ts';
import type { Config } from '../config/config.ts';
import { modeNames } from '../config/modes.ts';
import { PortSet } from '../config/ports.ts';
import { findOccupant } from '../control/socket-file.ts';
import { Ledger } from '../ledger/ledger.ts';
import { BlockMemory } from '../ledger/memory.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { prepareRun } from '../preflight/prepare.ts';
import type { RunOptions } from '../preflight/run-options.ts';
import { counted } from '../record/counted.ts';
import { adminLine } from '../record/lines1.ts';
import type { Log } from '../record/log.ts';
import { modeLines, startingLine, stopLines } from '../record/start-lines.ts';
import { UndecodedSum } from '../record/undecoded.ts';
import { blockCount } from '../respond/block-state.ts';
import { lockState } from '../service/state-lock.ts';
import { engineOf } from '../share/choose.ts';
import type { SocketTable } from '../watch/sockets.ts';
import { SteadyClock } from './clock.ts';
import { openNotifier } from './notifications.ts';
import { logDestinations, openLiveLog } from './outputs.ts';
import { DaemonParts } from './parts.ts';
import { reload } from './reload.ts';
import { Settings } from './settings.ts';
import { Share } from './share.ts';
import { prepareSensor, startSensor } from './start-sensor.ts';

/** How often the parts that wait for time to pass are called. */
const TICK_MS = 1_000;

/** The period of the timer that measures for --verbose how late timers are. */
const DELAY_TIMER_MS = 20;

/** How long the end of the daemon waits for actions under way; the whole end takes less than a second. */
const DRAIN_TIME_MS = 300;

/** How long the end waits beyond that for the last notification. */
const LAST_MESSAGE_TIME_MS = 2_000;

/** The life cycle of a live run: it starts the parts, calls them every second, and ends them. */
export class Daemon {
  readonly #parts: DaemonParts;
  readonly #version: string;
  readonly #undecoded = new UndecodedSum();
  /** How long a timer of DELAY_TIMER_MS took, in ns. */
  readonly #delay = monitorEventLoopDelay({ resolution: DELAY_TIMER_MS });
  #timer: NodeJS.Timeout | null = null;
  /** The last reload, done or not. Each starts from what the one before it has left. */
  #reloaded: Promise<void> = Promise.resolve();

  private constructor(parts: DaemonParts, version: string) {
    this.#parts = parts;
    this.#version = version;
  }

  /** Starts a run; resolves when it listens. Throws a CommandError when it cannot; then nothing is left running. */
  static async start(options: RunOptions, version: string): Promise<Daemon> {
    const prepared = prepareRun(options);
    const destinations = logDestinations(options.logoutput);
    const log = await openLiveLog(destinations);
    const clock = new SteadyClock();
    let daemon: Daemon | null = null;
    try {
      const memory = await openMemory(options, prepared.config, log, clock);
      const notifier = openNotifier({ options, config: prepared.config, log, clock, version });
      const { verbose } = options;
      const settings = new Settings(prepared, log, { toWall: clock.toWall, verbose, listener: notifier });
      const inputs = { options, version, log, destinations, settings, memory, clock, notifier };
      daemon = new Daemon(new DaemonParts(inputs), version);
      await daemon.#begin();
      return daemon;
    } catch (error) {
      if (daemon !== null) await daemon.#end();
      await log.close();
      throw error;
    }
  }

  /** Reads configuration and ignore file again (SIGHUP); if either is wrong, logs why and keeps the old ones. */
  reload(): Promise<void> {
    const { serviceManager } = this.#parts;
    this.#reloaded = this.#reloaded.then(async () => {
      serviceManager.reloading();
      await reload(this.#parts);
      serviceManager.ready(this.#status());
    });
    return this.#reloaded;
  }

  /** Logs one line for the administrator. */
  tell(text: string): void {
    this.#parts.settings.tell(text);
  }

  /** Ends the run within a second, whatever is under way; with notifications LAST_MESSAGE_TIME_MS later at most. */
  async stop(): Promise<void> {
    const { serviceManager, options, log, settings } = this.#parts;
    serviceManager.stopping();
    await this.#end();
    await this.#sayGoodbye();
    if (options.verbose) this.#sumUp();
    for (const line of stopLines(settings.config.logFormat)) log.line(line);
    await log.close();
  }

  async #begin(): Promise<void> {
    const { options, log, clock, settings, sockets, blockManager, connectModes, captureManager, readiness } =
      this.#parts;
    log.line(startingLine(this.#version));
    if (settings.config.file === null)
      this.tell('No configuration file: the built-in defaults are in force, which only log.');
    if (options.dryRun) this.tell('Dry run: no action is carried out.');
    settings.warn();
    await this.#openControl();
    prepareSensor(this.#parts);
    await this.#parts.notifier.prepared();
    await blockManager.start();
    // A long list takes seconds, and what it held stays in force meanwhile: the start does not wait for it.
    void this.#parts.lists.start();
    await this.#openShare();
    const { method, blocksSources } = blockManager;
    if (blocksSources) this.tell(`Sources are blocked by ${method.name}: ${method.how}.`);
    else if (blockManager.actsWithoutBlock) this.tell(`Sources are not blocked: ${method.how}.`);
    // Before the connect modes, which would take the port, and before anything watches it.
    await this.#parts.metricsOutputs.configure(settings.config);
    await connectModes.open(settings.prepared);
    captureManager.look(clock.now());
    this.#parts.serviceMemory.start(clock.now());
    await startSensor(this.#parts);
    captureManager.start(this.#parts.viewedPorts());
    const ports = { inUse: portsInUse(sockets), listening: connectModes.ports };
    for (const line of modeLines(settings.config, modeNames(settings.modes), ports)) log.line(line);
    if (!captureManager.isNeeded) readiness.ready([]);
    // A host may get its network later. A start that waited for it would delay everything that waits for the start.
    else if (!captureManager.hasDevice) {
      this.tell('No interface to listen on is up; each is listened to as soon as it is.');
      readiness.ready([]);
    }
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    await readiness.listening;
    if (options.verbose) this.#delay.enable();
    this.#parts.serviceManager.ready(this.#status());
    this.#parts.notifier.daemon('start', `PortSentry ${this.#version} is active: ${this.#modes()}.`);
  }

  /** The last notification has what happened until now. It may take time, so blocks and files are safe before. */
  async #sayGoodbye(): Promise<void> {
    const { notifier, engine } = this.#parts;
    notifier.daemon('stop', `PortSentry is shutting down after ${counted(engine.probes, 'probe')}.`);
    await notifier.close(LAST_MESSAGE_TIME_MS);
  }

  async #end(): Promise<void> {
    const { connectModes, control, captureManager, kernelSensor, packetHolds, metricsOutputs } = this.#parts;
    const { queue, engine, blockManager, settings } = this.#parts;
    if (this.#timer !== null) clearInterval(this.#timer);
    connectModes.close();
    await Promise.all([control.close(), metricsOutputs.close()]);
    await Promise.all([
      captureManager.close(),
      kernelSensor.close(),
      packetHolds.close(),
      queue.drain(DRAIN_TIME_MS),
    ]);
    this.#parts.serviceMemory.save(this.#parts.clock.now());
    await queue.close();
    await engine.settle();
    engine.close();
    await this.#parts.share?.close();
    await this.#parts.lists.close(settings.config.blockOnExit !== 'release');
    await blockManager.close();
    settings.recorder.close();
  }

  /** What lasts goes by a clock that does not step; what people and files read gets the new times. */
  #lookAtClock(): void {
    const { clock, blockManager } = this.#parts;
    const movedMs = clock.look();
    if (movedMs === 0) return;
    const by = formatDuration(Math.round(Math.abs(movedMs) / 1_000) * 1_000);
    this.tell(
      `The clock was set ${movedMs < 0 ? 'back' : 'forward'} by ${by}: blocks last as long as before.`,
    );
    void blockManager.clockMoved();
  }

  #tick(): void {
    const { engine, settings, blockManager, lists, control, connectModes } = this.#parts;
    const { serviceManager, captureManager, kernelSensor, readiness, probeReceiver, recordCheck } =
      this.#parts;
    this.#lookAtClock();
    const now = this.#parts.clock.now();
    engine.tracker.sweep(now);
    settings.recorder.tick(now);
    blockManager.tick(now);
    lists.tick(now);
    this.#parts.notifier.tick(blockManager.breaker.isOpen);
    this.#parts.share?.tick(now);
    control.tick();
    connectModes.tick(now);
    const isWell = (captureManager.isWell && kernelSensor.isWell) || readiness.doesWithoutCapture;
    serviceManager.tick(performance.now(), isWell, this.#status());
    captureManager.tick(now, probeReceiver.takeInUse());
    recordCheck.tick(performance.now());
    this.#parts.metricsOutputs.tick(performance.now());
    this.#tickSensor(now);
    const undecoded = this.#undecoded.line(this.#parts.counts(), now);
    if (undecoded !== null) this.tell(undecoded);
  }

  #tickSensor(now: number): void {
    const { kernelSensor, packetHolds, sensorUpkeep, serviceMemory, sockets, reportReceiver } = this.#parts;
    if (kernelSensor.isOpen) sockets.look('tcp', now);
    serviceMemory.tick(now);
    void sensorUpkeep.tick();
    void kernelSensor.tick(performance.now());
    void packetHolds.tick(performance.now());
    reportReceiver.tick(performance.now());
  }

  /** A dry run tells nobody anything, and takes no decisions. */
  async #openShare(): Promise<void> {
    const { options, settings, clock, blockManager, engine, lists } = this.#parts;
    const wallNow = () => clock.toWall(clock.now());
    const shared = engineOf(settings.config, { host: hostname(), version: this.#version, wallNow });
    if (shared === null || options.dryRun) return;
    this.#parts.share = await Share.open({
      engine: shared,
      config: () => settings.config,
      blocks: blockManager.blocks,
      tracker: () => engine.tracker,
      lists,
      clock,
      tell: (text) => this.tell(text),
    });
  }

  /** A dry run may be tried beside the real daemon, which then keeps the socket. */
  async #openControl(): Promise<void> {
    const { control, options } = this.#parts;
    try {
      await control.open();
    } catch (error) {
      const { message } = error as Error;
      if (!options.dryRun) throw new CommandError(Exit.unavailable, message);
      this.tell(`The control socket is not open: ${message}.`);
    }
  }

  /** What `systemctl status` shows. */
  #status(): string {
    const { engine, blockManager } = this.#parts;
    return `${this.#modes()}: ${engine.probes} probes, ${blockCount(blockManager.blocks.size)}`;
  }

  #modes(): string {
    return modeNames(this.#parts.settings.modes).join(', ');
  }

  #sumUp(): void {
    const { probeReceiver, engine } = this.#parts;
    let frames = 0;
    for (const count of this.#parts.counts().values()) frames += count;
    const late = Math.max(0, Math.round(this.#delay.max / 1e6) - DELAY_TIMER_MS);
    this.tell(
      `Captured ${frames} frames, ${probeReceiver.duplicates} of them twice; ${engine.probes} probes, ` +
        `${engine.tracker.size} sources are tracked; timers were late by ${late} ms at most.`,
    );
  }
}

/** The ledger; a dry run only remembers. Two daemons must not write the same ledger. */
async function openMemory(
  { dryRun }: RunOptions,
  { controlSocket, stateDir }: Config,
  log: Log,
  clock: SteadyClock,
): Promise<BlockMemory> {
  if (dryRun) return new BlockMemory();
  const occupant = await findOccupant(controlSocket);
  if (occupant !== null) throw new CommandError(Exit.unavailable, occupant);
  const tell = (text: string) => log.line(adminLine(text));
  const unlocked = await lockState(stateDir);
  if (unlocked !== null) tell(`STATE_DIR ${stateDir} is not locked against another portsentry: ${unlocked}.`);
  return Ledger.open(stateDir, { now: clock.now(), toWall: clock.toWall, tell });
}

function portsInUse(sockets: SocketTable): Record<'tcp' | 'udp', PortSet> {
  const ports = (protocol: number) =>
    PortSet.of(sockets.bound(protocol).map(({ port }) => ({ first: port, last: port })));
  return { tcp: ports(PROTOCOL_TCP), udp: ports(PROTOCOL_UDP) };
}
