import { randomInt } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { RunOptions } from './cli/args.ts';
import { CommandError, Exit } from './cli/exit.ts';
import { modeNames } from './cli/modes.ts';
import { type Prepared, prepareRun } from './cli/run.ts';
import { PortSet } from './config/ports.ts';
import { Engine } from './engine.ts';
import { Intake } from './intake.ts';
import { Lookout } from './lookout.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from './net/protocol.ts';
import type { Log } from './record/log.ts';
import type { Recorder } from './record/recorder.ts';
import { listeningLine, modeLines, startingLine, stopLines } from './record/start-lines.ts';
import { UndecodedSum } from './record/undecoded.ts';
import { openLiveLog, openRecorder } from './records.ts';
import { chooseBackend } from './respond/backends/choose.ts';
import { HOSTS_DENY } from './respond/hosts-deny.ts';
import { loadIgnoreFile } from './respond/ignore-file.ts';
import { NeverBlock } from './respond/never-block.ts';
import { ActionQueue } from './respond/queue.ts';
import { Responder } from './respond/responder.ts';
import { type Home, homeOfAddresses } from './watch/home.ts';
import { NOTHING_IN_USE } from './watch/in-use.ts';
import { SocketTable } from './watch/sockets.ts';
import { WatchedPorts } from './watch/watched-ports.ts';

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
  readonly #never = new NeverBlock();
  readonly #sockets = new SocketTable(PROC_NET);
  readonly #queue = new ActionQueue();
  readonly #undecoded = new UndecodedSum();
  /** How long a timer of DELAY_TIMER took, in ns. */
  readonly #delay = monitorEventLoopDelay({ resolution: DELAY_TIMER });
  readonly #intake: Intake;
  readonly #engine: Engine;
  readonly #lookout: Lookout;
  #recorder: Recorder;
  #responder: Responder;
  #prepared: Prepared;
  #home: Home = homeOfAddresses([]);
  #timer: NodeJS.Timeout | null = null;
  #listening = false;
  #onReady: (() => void) | null = null;
  #onFailure: ((error: Error) => void) | null = null;

  private constructor(options: RunOptions, version: string, prepared: Prepared, log: Log) {
    this.#options = options;
    this.#version = version;
    this.#log = log;
    this.#prepared = prepared;
    this.#recorder = openRecorder(prepared.config, prepared.modes, log);
    this.#responder = this.#makeResponder(prepared);
    this.#engine = this.#makeEngine(prepared);
    this.#intake = new Intake({
      engine: this.#engine,
      sockets: this.#sockets,
      home: () => this.#home,
      now: Date.now,
    });
    this.#lookout = this.#makeLookout(prepared);
  }

  /** Starts a run and resolves when it listens. Throws a CommandError when it cannot; then nothing is left running. */
  static async start(options: RunOptions, version: string): Promise<Daemon> {
    const prepared = prepareRun(options);
    const log = await openLiveLog(options.logoutput);
    let daemon: Daemon | null = null;
    try {
      daemon = new Daemon(options, version, prepared, log);
      await daemon.#begin();
      return daemon;
    } catch (error) {
      if (daemon !== null) await daemon.#end();
      await log.close();
      throw error;
    }
  }

  /** Reads configuration and ignore file again (SIGHUP); what is wrong with them is said, and the old ones stay. */
  async reload(): Promise<void> {
    let prepared: Prepared;
    let recorder: Recorder;
    try {
      prepared = prepareRun(this.#options);
      recorder = openRecorder(prepared.config, prepared.modes, this.#log);
    } catch (error) {
      this.#recorder.admin(`Configuration not taken over: ${(error as Error).message}`);
      return;
    }
    this.#recorder.close();
    this.#recorder = recorder;
    this.#prepared = prepared;
    this.#responder = this.#makeResponder(prepared);
    await this.#readIgnoreFile();
    const watched = new WatchedPorts(prepared.config, prepared.modes);
    this.#engine.configure({ config: prepared.config, modes: prepared.modes, watched });
    this.#lookout.configure(watched);
    this.#warn(prepared);
    recorder.admin('Configuration and ignore file were read again.');
  }

  /** Ends the run: within a second, whatever is under way. */
  async stop(): Promise<void> {
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
    await this.#readIgnoreFile();
    const ready = new Promise<void>((resolve, reject) => {
      this.#onReady = resolve;
      this.#onFailure = reject;
    });
    this.#lookout.start(Date.now());
    for (const line of modeLines(
      this.#prepared.config,
      modeNames(this.#prepared.modes),
      this.#portsInUse(),
    )) {
      this.#log.line(line);
    }
    // A host may get its network later; a start that waited for it would hold up who waits for the start.
    if (!this.#lookout.hasDevice) {
      this.#recorder.admin('No interface to listen on is up; each is listened to as soon as it is.');
      this.#ready([]);
    }
    if (this.#options.verbose) this.#delay.enable();
    this.#timer = setInterval(() => this.#tick(), TICK);
    await ready;
  }

  async #end(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await Promise.all([this.#lookout.close(), this.#queue.drain(DRAIN_TIME)]);
    await this.#queue.close();
    await this.#engine.settle();
    this.#engine.close();
    this.#recorder.close();
  }

  #sumUp(): void {
    let frames = 0;
    for (const count of this.#lookout.counts().values()) frames += count;
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
    this.#lookout.tick(now, this.#intake.takeInUse());
    const undecoded = this.#undecoded.tell(this.#lookout.counts(), now);
    if (undecoded !== null) this.#recorder.admin(undecoded);
  }

  #makeEngine({ config, modes }: Prepared): Engine {
    const recorder = () => this.#recorder;
    return new Engine({
      config,
      modes,
      watched: new WatchedPorts(config, modes),
      home: { has: (address) => this.#home.has(address) },
      inUse: this.#options.serviceCheck ? this.#sockets : NOTHING_IN_USE,
      ruleFor: (address) => this.#never.ruleFor(address),
      respond: this.#options.dryRun ? null : (knock) => this.#responder.respond(knock),
      recorder,
      localCheck: this.#options.localCheck,
      salt: randomInt(2 ** 32),
    });
  }

  #makeResponder({ config }: Prepared): Responder {
    return new Responder({
      config,
      backend: chooseBackend(config),
      queue: this.#queue,
      hostsDenyPath: HOSTS_DENY,
      onStep: (knock, step) => this.#recorder.step(knock, step),
    });
  }

  #makeLookout({ config, modes, interfaces }: Prepared): Lookout {
    return new Lookout(
      {
        interfaces,
        sockets: this.#sockets,
        watchesPortsInUse: !this.#options.serviceCheck,
        records: (view, length, child) => this.#intake.take(view, length, child),
        host: ({ addresses, broadcasts }) => {
          this.#home = homeOfAddresses(addresses);
          this.#never.setOwn(addresses, broadcasts);
        },
        ready: (devices) => this.#ready(devices),
        trouble: (reason, permission) => this.#trouble(reason, permission),
        notRenewed: (reason) => this.#recorder.admin(`Capture goes on with the old filter: ${reason}.`),
      },
      new WatchedPorts(config, modes),
    );
  }

  #ready(devices: readonly string[]): void {
    if (this.#listening) {
      if (this.#options.verbose) this.#recorder.admin(`Capture goes on on ${devices.join(', ')}.`);
      return;
    }
    this.#listening = true;
    if (this.#options.verbose) this.#recorder.admin(`Listening on ${devices.join(', ')}.`);
    this.#log.line(listeningLine(this.#prepared.config.logFormat));
    this.#onReady?.();
  }

  /** Before the first device is open it ends the start; afterwards it is told, and capture is tried again. */
  #trouble(reason: string, permission: boolean): void {
    if (this.#listening) {
      this.#recorder.admin(`Capture stopped: ${reason}; it is started again.`);
      return;
    }
    this.#onFailure?.(new CommandError(permission ? Exit.noPermission : Exit.unavailable, reason));
  }

  async #readIgnoreFile(): Promise<void> {
    const { ignoreFile } = this.#prepared.config;
    const { entries } = ignoreFile === null ? { entries: [] } : await loadIgnoreFile(ignoreFile);
    this.#never.setIgnore(entries);
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
